module github.com/invoicesync/invoicesync/proof

go 1.26.0

require (
	github.com/getkin/kin-openapi v0.152.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/go-openapi/jsonpointer v0.22.5 // indirect
	github.com/go-openapi/swag/jsonname v0.25.5 // indirect
	github.com/gorilla/mux v1.8.0 // indirect
	github.com/invoicesync/invoicesync v0.1.0
	github.com/invoicesync/invoicesync/sqlstore v0.1.0
	github.com/kr/pretty v0.3.1 // indirect
	github.com/oasdiff/yaml v0.1.1 // indirect
	github.com/oasdiff/yaml3 v0.0.14 // indirect
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	github.com/invoicesync/invoicesync => ../
	github.com/invoicesync/invoicesync/sqlstore => ../sqlstore
)
