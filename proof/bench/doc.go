// Command bench measures the push against a plain client.
package main

func main() {}
