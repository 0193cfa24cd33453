package shop

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// identity is by what the outside knows the shop.
type identity struct {
	tenant       string // of Infusionsoft
	organisation string // of Xero
	xeroTenant   string
	realm        string // of QuickBooks
}

// identify derives the identity from what the shop was made of: shops that are not alike must not pass
// for each other where somebody has pinned one.
func identify(made Made) identity {
	draw := func(what string) [32]byte {
		return sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%s", what, made.Asked, made.Seed, made.Load))
	}
	guid := func(sum [32]byte) string {
		sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	}
	number, realm := draw("infusionsoft"), draw("quickbooks realm")
	return identity{
		tenant:       fmt.Sprintf("bk%d.infusionsoft.com", binary.BigEndian.Uint32(number[:4])),
		organisation: guid(draw("xero organisation")),
		xeroTenant:   guid(draw("xero tenant")),
		realm:        fmt.Sprint(9_341_450_000_000_000 + uint64(binary.BigEndian.Uint32(realm[:4]))),
	}
}
