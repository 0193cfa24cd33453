package contract

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// An XSD is a set of XML schemas, read for what they say of JSON: QuickBooks describes its entities in XML schemas and
// speaks JSON. An element is a property, one that may stand there more than once a list; an attribute is a property
// too; an element with text and attributes is an object whose text is "value".
type XSD struct {
	complexes map[string]*xsdType
	simples   map[string]*xsdSimple
	groups    map[string]*xsdParticle
	objects   map[string]string // the elements that can stand in place of IntuitObject, with their types
}

type xsdFile struct {
	Complex []xsdType     `xml:"complexType"`
	Simple  []xsdSimple   `xml:"simpleType"`
	Element []xsdElement  `xml:"element"`
	Group   []xsdParticle `xml:"group"`
}

type xsdType struct {
	Name string `xml:"name,attr"`
	xsdContent
	Complex xsdExtension `xml:"complexContent"`
	Plain   xsdExtension `xml:"simpleContent"`
}

type xsdExtension struct {
	Extension *xsdContent `xml:"extension"`
}

type xsdContent struct {
	Base string `xml:"base,attr"`
	xsdParticle
	Attribute []xsdElement `xml:"attribute"`
}

type xsdParticle struct {
	Name     string        `xml:"name,attr"`
	Ref      string        `xml:"ref,attr"`
	Min      string        `xml:"minOccurs,attr"`
	Max      string        `xml:"maxOccurs,attr"`
	Element  []xsdElement  `xml:"element"`
	Sequence []xsdParticle `xml:"sequence"`
	Choice   []xsdParticle `xml:"choice"`
	Group    []xsdParticle `xml:"group"`
	Any      []xsdElement  `xml:"any"`
}

type xsdElement struct {
	Name         string `xml:"name,attr"`
	Type         string `xml:"type,attr"`
	Ref          string `xml:"ref,attr"`
	Min          string `xml:"minOccurs,attr"`
	Max          string `xml:"maxOccurs,attr"`
	Use          string `xml:"use,attr"`
	Substitution string `xml:"substitutionGroup,attr"`
}

type xsdSimple struct {
	Name        string `xml:"name,attr"`
	Restriction struct {
		Base        string `xml:"base,attr"`
		Enumeration []struct {
			Value string `xml:"value,attr"`
		} `xml:"enumeration"`
	} `xml:"restriction"`
}

// ReadXSD reads the schemas of a folder.
func ReadXSD(folder string) (*XSD, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.xsd"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("contract: no schemas in %s: %w", filepath.Base(folder), err)
	}
	x := &XSD{complexes: map[string]*xsdType{}, simples: map[string]*xsdSimple{}, groups: map[string]*xsdParticle{}, objects: map[string]string{}}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("contract: %w", err)
		}
		var f xsdFile
		if err := xml.Unmarshal(data, &f); err != nil {
			return nil, fmt.Errorf("contract: %s: %w", filepath.Base(file), err)
		}
		for i := range f.Complex {
			x.complexes[f.Complex[i].Name] = &f.Complex[i]
		}
		for i := range f.Simple {
			x.simples[f.Simple[i].Name] = &f.Simple[i]
		}
		for i := range f.Group {
			x.groups[f.Group[i].Name] = &f.Group[i]
		}
		for _, e := range f.Element {
			if e.Substitution == "IntuitObject" {
				x.objects[e.Name] = e.Type
			}
		}
	}
	return x, nil
}

// Schemas returns every type as an OpenAPI schema under its name, inheritance spelt out.
func (x *XSD) Schemas() (map[string]any, error) {
	all := map[string]any{}
	for name, s := range x.simples {
		all[name] = x.simple(s)
	}
	for name, t := range x.complexes {
		schema, err := x.object(t)
		if err != nil {
			return nil, fmt.Errorf("contract: type %s: %w", name, err)
		}
		all[name] = schema
	}
	return all, nil
}

// open reports a type that takes any element.
func open(properties map[string]any) bool { _, ok := properties[""]; return ok }

func (x *XSD) object(t *xsdType) (map[string]any, error) {
	properties, required := map[string]any{}, []string{}
	if err := x.collect(t, properties, &required); err != nil {
		return nil, err
	}
	schema := map[string]any{"type": "object"}
	if open(properties) {
		delete(properties, "")
		schema["additionalProperties"] = true
	}
	schema["properties"] = properties
	if len(required) > 0 {
		slices.Sort(required)
		schema["required"] = slices.Compact(required)
	}
	return schema, nil
}

func (x *XSD) collect(t *xsdType, properties map[string]any, required *[]string) error {
	content := &t.xsdContent
	if t.Complex.Extension != nil {
		content = t.Complex.Extension
	}
	if t.Plain.Extension != nil {
		content = t.Plain.Extension
		text, err := x.reference(content.Base)
		if err != nil {
			return err
		}
		properties["value"] = text
	} else if content.Base != "" {
		base := x.complexes[content.Base]
		if base == nil {
			return fmt.Errorf("its base %s is not in the schemas", content.Base)
		}
		if err := x.collect(base, properties, required); err != nil {
			return err
		}
	}
	for _, a := range content.Attribute {
		schema, err := x.reference(a.Type)
		if err != nil {
			return err
		}
		properties[a.Name] = schema
		if a.Use == "required" {
			*required = append(*required, a.Name)
		}
	}
	return x.particle(&content.xsdParticle, false, true, properties, required)
}

// particle collects elements. many says that what is around may be repeated; must, that it has to be there.
func (x *XSD) particle(p *xsdParticle, many, must bool, properties map[string]any, required *[]string) error {
	many, must = many || p.Max != "" && p.Max != "1", must && p.Min != "0"
	for _, e := range p.Element {
		list := many || e.Max != "" && e.Max != "1"
		named := map[string]string{e.Name: e.Type}
		switch {
		case e.Ref == "IntuitObject":
			named = x.objects
		case e.Ref != "":
			return fmt.Errorf("it refers to an element %s, which is not understood", e.Ref)
		case must && e.Min != "0":
			*required = append(*required, e.Name)
		}
		for name, typ := range named {
			schema, err := x.reference(typ)
			if err != nil {
				return err
			}
			if list {
				schema = map[string]any{"type": "array", "items": schema}
			}
			properties[name] = schema
		}
	}
	if len(p.Any) > 0 {
		properties[""] = true
	}
	for i := range p.Sequence {
		if err := x.particle(&p.Sequence[i], many, must, properties, required); err != nil {
			return err
		}
	}
	for i := range p.Choice { // one of them: none has to be there
		if err := x.particle(&p.Choice[i], many, false, properties, required); err != nil {
			return err
		}
	}
	for _, g := range p.Group {
		group := x.groups[g.Ref]
		if group == nil {
			return fmt.Errorf("the group %s is not in the schemas", g.Ref)
		}
		if err := x.particle(group, many, must && g.Min != "0", properties, required); err != nil {
			return err
		}
	}
	return nil
}

func (x *XSD) simple(s *xsdSimple) map[string]any {
	schema, ok := builtin(s.Restriction.Base)
	if !ok {
		schema = map[string]any{"type": "string"}
	}
	var values []any
	for _, e := range s.Restriction.Enumeration {
		values = append(values, e.Value)
	}
	if values != nil {
		schema["enum"] = values
	}
	return schema
}

// reference is the schema of a type's name.
func (x *XSD) reference(name string) (map[string]any, error) {
	if schema, ok := builtin(name); ok {
		return schema, nil
	}
	if name == "" { // described in place, as a few that no invoice has are: anything
		return map[string]any{}, nil
	}
	if x.complexes[name] == nil && x.simples[name] == nil {
		return nil, fmt.Errorf("the type %q is not in the schemas", name)
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}, nil
}

// builtin are XML's own types in JSON.
func builtin(name string) (map[string]any, bool) {
	switch name {
	case "xs:string", "xs:anyURI", "xs:token", "xs:normalizedString":
		return map[string]any{"type": "string"}, true
	case "xs:boolean":
		return map[string]any{"type": "boolean"}, true
	case "xs:decimal", "xs:double", "xs:float":
		return map[string]any{"type": "number"}, true
	case "xs:int", "xs:integer", "xs:long", "xs:short":
		return map[string]any{"type": "integer"}, true
	case "xs:positiveInteger":
		return map[string]any{"type": "integer", "minimum": 1}, true
	case "xs:nonNegativeInteger":
		return map[string]any{"type": "integer", "minimum": 0}, true
	case "xs:date":
		return map[string]any{"type": "string", "format": "date"}, true
	case "xs:dateTime":
		return map[string]any{"type": "string", "format": "date-time"}, true
	}
	return nil, false
}
