package proof
import (
_ "github.com/getkin/kin-openapi/openapi3filter"
_ "github.com/getkin/kin-openapi/routers/gorillamux"
_ "pgregory.net/rapid"
)
