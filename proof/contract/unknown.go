package contract

import (
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// The documents forbid nothing that they do not know: no schema of theirs says additionalProperties:
// false, so that a misspelt field passes every validator. unknown is the strictness that they lack.

// unknown reports, by path, the properties of value that schema does not have. Below allOf, oneOf and
// anyOf a property is known when any of the members knows it: which of them applies is for the validator
// to say. A schema that describes an object without naming any property says nothing, and neither does
// one with additionalProperties that are not false.
func unknown(schema *openapi3.SchemaRef, value any, path []string, report func(path []string)) {
	if schema == nil || schema.Value == nil {
		return
	}
	members := flatten(schema, nil)
	switch v := value.(type) {
	case map[string]any:
		described, open := false, false
		for _, m := range members {
			described = described || len(m.Properties) > 0
			if m.AdditionalProperties.Schema != nil || m.AdditionalProperties.Has != nil && *m.AdditionalProperties.Has {
				open = true
			}
		}
		for name, child := range v {
			below := append(slices.Clip(path), name)
			known := false
			for _, m := range members {
				if p := m.Properties[name]; p != nil {
					known = true
					unknown(p, child, below, report)
				} else if m.AdditionalProperties.Schema != nil {
					unknown(m.AdditionalProperties.Schema, child, below, report)
				}
			}
			if described && !open && !known {
				report(below)
			}
		}
	case []any:
		for i, child := range v {
			for _, m := range members {
				unknown(m.Items, child, append(slices.Clip(path), strconv.Itoa(i)), report)
			}
		}
	}
}

// flatten returns a schema and everything it is composed of.
func flatten(schema *openapi3.SchemaRef, into []*openapi3.Schema) []*openapi3.Schema {
	if schema == nil || schema.Value == nil || slices.Contains(into, schema.Value) {
		return into
	}
	into = append(into, schema.Value)
	for _, list := range []openapi3.SchemaRefs{schema.Value.AllOf, schema.Value.OneOf, schema.Value.AnyOf} {
		for _, member := range list {
			into = flatten(member, into)
		}
	}
	return into
}
