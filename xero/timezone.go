package xero

import (
	"strings"
	"time"
)

// location returns the zone of Xero's name for it, or UTC. The names are those of Windows without
// spaces and points; which place each stands for is from Unicode's table windowsZones (CLDR).
func location(name string) *time.Location {
	iana, known := zones[strings.TrimSuffix(strings.ToUpper(name), "STANDARDTIME")]
	if !known {
		return time.UTC
	}
	loc, err := time.LoadLocation(iana)
	if err != nil {
		return time.UTC
	}
	return loc
}

var zones = map[string]string{
	"AFGHANISTAN": "Asia/Kabul", "ALASKAN": "America/Anchorage", "ARAB": "Asia/Riyadh", "ARABIAN": "Asia/Dubai",
	"ARABIC": "Asia/Baghdad", "ARGENTINA": "America/Buenos_Aires", "ATLANTIC": "America/Halifax",
	"AUSCENTRAL": "Australia/Darwin", "AUSCENTRALW": "Australia/Eucla", "AUSEASTERN": "Australia/Sydney",
	"AZERBAIJAN": "Asia/Baku", "AZORES": "Atlantic/Azores", "BAHIA": "America/Bahia", "BANGLADESH": "Asia/Dhaka",
	"BELARUS": "Europe/Minsk", "CANADACENTRAL": "America/Regina", "CAPEVERDE": "Atlantic/Cape_Verde",
	"CAUCASUS": "Asia/Yerevan", "CENAUSTRALIA": "Australia/Adelaide", "CENTRALAMERICA": "America/Guatemala",
	"CENTRALASIA": "Asia/Almaty", "CENTRALBRAZILIAN": "America/Cuiaba", "CENTRALEUROPE": "Europe/Budapest",
	"CENTRALEUROPEAN": "Europe/Warsaw", "CENTRALPACIFIC": "Pacific/Guadalcanal", "CENTRAL": "America/Chicago",
	"CENTRALSTANDARDTIME(MEXICO)": "America/Mexico_City", "CHATHAMISLANDS": "Pacific/Chatham", "CHINA": "Asia/Shanghai",
	"CUBA": "America/Havana", "EAFRICA": "Africa/Nairobi", "EASTERN": "America/New_York",
	"EASTERNSTANDARDTIME(MEXICO)": "America/Cancun", "EAUSTRALIA": "Australia/Brisbane", "EEUROPE": "Europe/Chisinau",
	"EGYPT": "Africa/Cairo", "EKATERINBURG": "Asia/Yekaterinburg", "ESOUTHAMERICA": "America/Sao_Paulo",
	"FIJI": "Pacific/Fiji", "FLE": "Europe/Kiev", "GEORGIAN": "Asia/Tbilisi", "GMT": "Europe/London",
	"GREENLAND": "America/Godthab", "GREENWICH": "Atlantic/Reykjavik", "GTB": "Europe/Bucharest",
	"HAITI": "America/Port-au-Prince", "HAWAIIAN": "Pacific/Honolulu", "INDIA": "Asia/Calcutta", "IRAN": "Asia/Tehran",
	"ISRAEL": "Asia/Jerusalem", "JORDAN": "Asia/Amman", "KOREA": "Asia/Seoul", "LIBYA": "Africa/Tripoli",
	"LINEISLANDS": "Pacific/Kiritimati", "LORDHOWE": "Australia/Lord_Howe", "MAURITIUS": "Indian/Mauritius",
	"MIDDLEEAST": "Asia/Beirut", "MONTEVIDEO": "America/Montevideo", "MOROCCO": "Africa/Casablanca",
	"MOUNTAIN": "America/Denver", "MOUNTAINSTANDARDTIME(MEXICO)": "America/Chihuahua", "MYANMAR": "Asia/Rangoon",
	"NAMIBIA": "Africa/Windhoek", "NEPAL": "Asia/Katmandu", "NEWFOUNDLAND": "America/St_Johns",
	"NEWZEALAND": "Pacific/Auckland", "NORFOLK": "Pacific/Norfolk", "PACIFIC": "America/Los_Angeles",
	"PACIFICSTANDARDTIME(MEXICO)": "America/Tijuana", "PACIFICSA": "America/Santiago", "PAKISTAN": "Asia/Karachi",
	"PARAGUAY": "America/Asuncion", "ROMANCE": "Europe/Paris", "RUSSIAN": "Europe/Moscow", "SAEASTERN": "America/Cayenne",
	"SAMOA": "Pacific/Apia", "SAPACIFIC": "America/Bogota", "SAWESTERN": "America/La_Paz", "SEASIA": "Asia/Bangkok",
	"SINGAPORE": "Asia/Singapore", "SOUTHAFRICA": "Africa/Johannesburg", "SRILANKA": "Asia/Colombo",
	"SYRIA": "Asia/Damascus", "TAIPEI": "Asia/Taipei", "TASMANIA": "Australia/Hobart", "TOKYO": "Asia/Tokyo",
	"TONGA": "Pacific/Tongatapu", "TURKEY": "Europe/Istanbul", "USEASTERN": "America/Indianapolis",
	"USMOUNTAIN": "America/Phoenix", "UTC": "UTC", "UTC+12": "Etc/GMT-12", "UTC+13": "Etc/GMT-13", "UTC02": "Etc/GMT+2",
	"UTC08": "Etc/GMT+8", "UTC09": "Etc/GMT+9", "UTC11": "Etc/GMT+11", "VENEZUELA": "America/Caracas",
	"WAUSTRALIA": "Australia/Perth", "WCENTRALAFRICA": "Africa/Lagos", "WESTASIA": "Asia/Tashkent",
	"WESTPACIFIC": "Pacific/Port_Moresby", "WEUROPE": "Europe/Berlin", "YUKON": "America/Whitehorse",
}
