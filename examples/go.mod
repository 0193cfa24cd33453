module github.com/invoicesync/invoicesync/examples

go 1.26.0

require github.com/schollz/progressbar/v3 v3.19.1

require (
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.44.0 // indirect
)

replace (
	github.com/invoicesync/invoicesync => ../
	github.com/invoicesync/invoicesync/sqlstore => ../sqlstore
)
