// Command tokenaudit audits the API tokens of content management systems by
// policies written as code.
package main

func main() {}
