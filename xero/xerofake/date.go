package xerofake

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Date is a civil date of the organisation, written 2026-03-31; "" is no date. Dates compare as
// strings.
type Date string

const isoDate = "2006-01-02"

// DateOf returns the civil date of an instant in a place.
func DateOf(t time.Time, in *time.Location) Date { return Date(t.In(in).Format(isoDate)) }

// Time returns midnight UTC of the date, as Xero writes civil dates on the wire.
func (d Date) Time() time.Time {
	t, _ := time.Parse(isoDate, string(d))
	return t
}

var msDate = regexp.MustCompile(`^/Date\((-?\d+)([+-]\d{4})?\)/$`)

// parseDate reads the forms in which Xero accepts a date. An instant with an offset is moved to UTC
// first and can so land a day early (calcinai/xero-php#177).
func parseDate(s string) (Date, bool) {
	if t, err := time.Parse(isoDate, s); err == nil {
		return Date(t.Format(isoDate)), true
	}
	if t, ok := parseInstant(s); ok {
		return Date(t.UTC().Format(isoDate)), true
	}
	return "", false
}

// parseInstant reads /Date(ms+0000)/ (the offset is decoration) and ISO 8601; without zone it is UTC.
func parseInstant(s string) (time.Time, bool) {
	if m := msDate.FindStringSubmatch(s); m != nil {
		ms, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		return time.UnixMilli(ms).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", isoDate} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func wireInstant(t time.Time) string {
	return "/Date(" + strconv.FormatInt(t.UnixMilli(), 10) + "+0000)/"
}

func wireDate(d Date) string {
	if d == "" {
		return ""
	}
	return wireInstant(d.Time())
}

func wireDateString(d Date) string {
	if d == "" {
		return ""
	}
	return string(d) + "T00:00:00"
}

func wireInstantString(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// location maps Xero's name of a time zone (those of Windows, in capitals) to a place.
func location(zone string) (*time.Location, error) {
	name, ok := map[string]string{
		"AUSEASTERNSTANDARDTIME": "Australia/Sydney", "EAUSTRALIASTANDARDTIME": "Australia/Brisbane",
		"TASMANIASTANDARDTIME": "Australia/Hobart", "CENAUSTRALIASTANDARDTIME": "Australia/Adelaide",
		"AUSCENTRALSTANDARDTIME": "Australia/Darwin", "WAUSTRALIASTANDARDTIME": "Australia/Perth",
		"NEWZEALANDSTANDARDTIME": "Pacific/Auckland", "GMTSTANDARDTIME": "Europe/London",
		"WEUROPESTANDARDTIME": "Europe/Berlin", "ROMANCESTANDARDTIME": "Europe/Paris",
		"CENTRALEUROPESTANDARDTIME": "Europe/Budapest", "EASTERNSTANDARDTIME": "America/New_York",
		"CENTRALSTANDARDTIME": "America/Chicago", "MOUNTAINSTANDARDTIME": "America/Denver",
		"USMOUNTAINSTANDARDTIME": "America/Phoenix", "PACIFICSTANDARDTIME": "America/Los_Angeles",
		"ALASKANSTANDARDTIME": "America/Anchorage", "ATLANTICSTANDARDTIME": "America/Halifax",
		"SINGAPORESTANDARDTIME": "Asia/Singapore", "CHINASTANDARDTIME": "Asia/Shanghai",
		"TOKYOSTANDARDTIME": "Asia/Tokyo", "INDIASTANDARDTIME": "Asia/Kolkata",
		"SOUTHAFRICASTANDARDTIME": "Africa/Johannesburg", "UTC": "UTC",
	}[zone]
	if !ok {
		return nil, fmt.Errorf("xerofake: time zone %q is unknown; use one of Xero's names, such as AUSEASTERNSTANDARDTIME or UTC", zone)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("xerofake: time zone %s: %w; import time/tzdata", zone, err)
	}
	return loc, nil
}
