// Package docker holds the test of the Dockerfile, which `make examples-check` runs.
package docker
