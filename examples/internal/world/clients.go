package world

import (
	"fmt"
	"strings"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

const firstClient = 11

// special clients come first; everybody else is given names from two lists.
func special() []specialClient {
	return []specialClient{
		{"duplicate_name", "Anna", "Schmidt", true},
		{"duplicate_name", "Anna", "Schmidt", true},
		{"duplicate_name", "ANNA", "Schmidt", true}, // one name to Xero
		{"no_email", "Pat", "Nomail", false},
		{"no_email", "Sam", "Letterbox", false},
		{"unicode_name", "Zoë Łucja", "Østergård-Nuñez", true},
		{"unicode_name", "北京", "王小明", true},
		{"emoji_name", "Bike 🚲", "Fan 🎉", true},
		{"rtl_name", "يوسف", "الحداد", true},
		{"rtl_name", "שרה", "לוי", true},
		{"long_name", "Maximiliane " + strings.Repeat("Alexandra ", 8), strings.Repeat("von-und-zu-", 7) + "Hohenfels", true},
		{"no_name", "", "", true},
	}
}

type specialClient struct {
	kind, given, family string
	email               bool
}

var (
	givenNames  = [...]string{"Ada", "Ben", "Chloe", "Dev", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jack", "Kira", "Liam", "Mei", "Noor", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara"}
	familyNames = [...]string{"Abbott", "Baker", "Cohen", "Diaz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jones", "Khan", "Lopez", "Meyer", "Novak", "O'Brien", "Park", "Quist", "Rossi", "Singh", "Turner", "Ueda", "Varga", "Wong", "Young", "Zimmer"}
)

func (m *maker) makeClients(n int) {
	specials := special()
	for i := range n {
		c := fake.Contact{ID: int64(firstClient + i), CreateTime: m.year.from, UpdateTime: m.year.from}
		email := true
		if i < len(specials) {
			c.GivenName, c.FamilyName, email = strings.TrimSpace(specials[i].given), specials[i].family, specials[i].email
		} else {
			c.GivenName, c.FamilyName = givenNames[m.rng.IntN(len(givenNames))], familyNames[m.rng.IntN(len(familyNames))]
		}
		if email {
			c.Emails = []fake.Email{{Field: "EMAIL1", Email: fmt.Sprintf("client%d@example.com", c.ID)}}
		}
		m.w.Clients = append(m.w.Clients, c)
	}
}

func (m *maker) clientKinds(id int64) []string {
	if i := int(id - firstClient); i < len(special()) {
		return []string{special()[i].kind}
	}
	return nil
}
