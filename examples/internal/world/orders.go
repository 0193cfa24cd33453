package world

import (
	"time"
)

// An orderPlan says what an order is to be made as: one recipe of each sort.
type orderPlan struct {
	at     time.Time
	client int64
	lines  lineRecipe
	plan   planRecipe
	pay    payRecipe
}

// planOrders deals the recipes out to n orders, each recipe at least once where there are orders enough.
// Clients, ways of paying and payment plans that must be seen to work go to orders that will be created.
func (m *maker) planOrders(n int) []orderPlan {
	lines := deal(m, n, lineRecipes(), func(r lineRecipe) int { return r.weight })
	created := 0
	for _, l := range lines {
		if l.plain() {
			created++
		}
	}
	plans := deal(m, created, planRecipes(), func(r planRecipe) int { return r.weight })
	pays := deal(m, created, payRecipes(), func(r payRecipe) int { return r.weight })
	clients := m.dealClients(created)

	orders := make([]orderPlan, n)
	next := 0
	for i, l := range lines {
		slot := m.year.at(i+1, n).Sub(m.year.at(i, n))
		at := m.year.at(i, n).Add(time.Duration(m.rng.Int64N(int64(slot)))).Truncate(time.Second)
		orders[i] = orderPlan{at: at, lines: l, plan: planRecipes()[0], pay: payRecipes()[0], client: m.someClient()}
		if l.plain() {
			orders[i].plan, orders[i].pay, orders[i].client = plans[next], pays[next], clients[next]
			next++
		}
	}
	return orders
}

func (m *maker) someClient() int64 { return m.w.Clients[m.rng.IntN(len(m.w.Clients))].ID }

// dealClients gives every client an order, if there are enough, and the rest to anybody.
func (m *maker) dealClients(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		if ids[i] = m.someClient(); i < len(m.w.Clients) {
			ids[i] = m.w.Clients[i].ID
		}
	}
	m.rng.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids
}

// deal returns n recipes in random order: one of each, the rest by weight, and what rounding leaves over
// to the first recipe, which must be an ordinary one.
func deal[T any](m *maker, n int, recipes []T, weight func(T) int) []T {
	total := 0
	for _, r := range recipes {
		total += weight(r)
	}
	hand := make([]T, 0, n+len(recipes))
	hand = append(hand, recipes...)
	for _, r := range recipes {
		for range max(n-len(recipes), 0) * weight(r) / total {
			hand = append(hand, r)
		}
	}
	for len(hand) < n {
		hand = append(hand, recipes[0])
	}
	m.rng.Shuffle(len(hand), func(i, j int) { hand[i], hand[j] = hand[j], hand[i] })
	return hand[:n]
}

// Kinds lists every kind of order, payment and client that a world of 100 orders and more has.
func Kinds() []string {
	var kinds []string
	for _, r := range lineRecipes() {
		kinds = append(kinds, r.kind)
	}
	for _, r := range planRecipes() {
		kinds = append(kinds, r.kind)
	}
	for _, r := range payRecipes() {
		kinds = append(kinds, r.kind)
	}
	for _, p := range catalogue() {
		kinds = append(kinds, p.kind)
	}
	for _, c := range special() {
		kinds = append(kinds, c.kind)
	}
	return unique(append(kinds, "tax", "midnight_payment"))
}

// Never lists the kinds of which a ledger gets no order: they are left out or parked on purpose.
func Never(into Ledger) []string {
	var kinds []string
	for _, r := range lineRecipes() {
		if r.fate(into).state != Created {
			kinds = append(kinds, r.kind)
		}
	}
	return kinds
}
