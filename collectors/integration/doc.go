// Package integration proves the collectors of self-hosted CMSes against the
// programs themselves: it starts each on loopback in a temporary folder, seeds
// it through its own API, scans it with the command line and the weakest
// credential, and compares every fact and every finding with what was seeded.
//
// The tests are behind the build tag integration; `make integration` installs
// what they need and runs them.
package integration
