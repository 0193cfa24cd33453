package quickbooksfake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	jsonType  = "application/json;charset=utf-8" // of answers; faults leave the charset out, as recorded
	faultType = "application/json"
	xmlType   = "application/xml;charset=UTF-8"
	htmlType  = "text/html"
)

// An answer that has not been sent yet.
type answer struct {
	status      int
	contentType string
	body        []byte
	challenge   bool // WWW-Authenticate of the gateway
}

func text(status int, body string) answer {
	return answer{status: status, contentType: "text/plain;charset=utf-8", body: []byte(body)}
}

func asJSON(status int, v any) answer {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return text(http.StatusInternalServerError, "quickbooksfake: encode answer: "+err.Error())
	}
	return answer{status: status, contentType: jsonType, body: bytes.TrimRight(b.Bytes(), "\n")}
}

// A fault is the vendor's business fault.
type fault struct {
	status int
	kind   string // ValidationFault, SystemFault, …
	code   string
	// element is nil where recorded faults have none.
	element         *string
	message, detail string
}

type faultError struct {
	Message string
	Detail  string
	Code    string  `json:"code"`
	Element *string `json:"element,omitempty"`
}

type faultBody struct {
	Error []faultError
	Type  string `json:"type"`
}

func (x *fault) wire() faultBody {
	return faultBody{[]faultError{{x.message, x.detail, x.code, x.element}}, x.kind}
}

func (x *fault) answer(at time.Time) answer {
	a := asJSON(x.status, struct {
		Fault faultBody
		Time  string `json:"time"`
	}{x.wire(), stamp(at)})
	a.contentType = faultType
	return a
}

// xml is the same fault as clients get it that do not ask for JSON.
func (x *fault) xml(at time.Time) answer {
	return xmlFault(x.status, x.kind, x.code, x.message, x.detail, at)
}

func xmlFault(status int, kind, code, message, detail string, at time.Time) answer {
	var b bytes.Buffer
	escape := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s))
		return e.String()
	}
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="%s" xmlns="http://schema.intuit.com/finance/v3">`+
		`<Fault type="%s"><Error code="%s"><Message>%s</Message><Detail>%s</Detail></Error></Fault></IntuitResponse>`,
		stamp(at), kind, code, escape(message), escape(detail))
	return answer{status: status, contentType: xmlType, body: b.Bytes()}
}

func stamp(at time.Time) string { return at.Format("2006-01-02T15:04:05.000-07:00") }

func validation(code, message, detail string) *fault {
	return &fault{status: http.StatusBadRequest, kind: "ValidationFault", code: code, message: message, detail: detail}
}

func (x *fault) about(element string) *fault { x.element = &element; return x }

// The codes are those of the fact sheet's table; texts are recorded ones where there is a recording.

func unsupported(detail string) *fault {
	return validation("2010", "Request has invalid or unsupported property", "Property Name:"+detail+" specified is unsupported or invalid")
}

func missing(name string) *fault {
	return validation("2020", "Required param missing, need to supply the required value for the API",
		"Required parameter "+name+" is missing in the request").about(name)
}

func badID(value string) *fault {
	return validation("2030", "Invalid ID", "Id should be a valid number. Supplied value:"+value).about("Id")
}

func tooLong(name string, limit, got int) *fault {
	return validation("2050", "String length is either shorter or longer than supported by specification",
		fmt.Sprintf("String length specified does not match the supported length. Min:0 Max:%d supported. Supplied length:%d", limit, got)).about(name)
}

func badReference(what, id string) *fault {
	return validation("2500", "Invalid Reference Id", "Invalid Reference Id : "+what+" element id "+id+" not found")
}

func notFound() *fault {
	return validation("610", "Object Not Found", "Object Not Found : Something you're trying to use has been made inactive. "+
		"Check the fields with accounts, customers, items, vendors or employees.").about("")
}

func stale() *fault {
	return validation("5010", "Stale Object Error", "Stale Object Error : You and Ada Example were working on this at the same time. "+
		"Ada Example finished before you did, so your work was not saved.").about("")
}

func business(detail string) *fault {
	return validation("6000", "A business validation error has occurred while processing your request", "Business Validation Error: "+detail).about("")
}

func wrongAmount(supplied string) *fault {
	return validation("6070", "Amount calculation incorrect in the request",
		"Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. Supplied value:"+supplied).about("")
}

func duplicateNumber(number, txnType, id string) *fault {
	return validation("6140", "Duplicate Document Number Error", fmt.Sprintf("Duplicate Document Number Error : You must specify a different number. "+
		"This number has already been used. DocNumber=%s is assigned to TxnType=%s with TxnId=%s", number, txnType, id)).about("")
}

// duplicateName names the kind of the owner when it is of the same kind as the newcomer, and otherwise all
// three that share the name space (PHP-SDK#241): who owns the name has to be looked up.
func duplicateName(newcomer, owner string) *fault {
	who := "customer, vendor or employee"
	if newcomer == owner {
		who = strings.ToLower(owner)
	}
	if newcomer == "Item" {
		who = "product or service"
	}
	return validation("6240", "Duplicate Name Exists Error", "The name supplied already exists. : Another "+who+
		" is already using this name. Please use a different name.").about("")
}

func closedPeriod() *fault {
	return validation("6210", "Account Period Closed, Cannot Update Through Services API",
		"The account period has closed and the account books cannot be updated through the QBO Services API. "+
			"Please use QBO website to make these changes.").about("")
}

func readOnlyCompany() *fault {
	return validation("6190", "Invalid Company Status", "Subscription period has ended or canceled or there was a billing problem : "+
		"You can't add data to QuickBooks Online Plus because your trial or subscription period ended, you cancelled your subscription, or there was a billing problem.").about("")
}

func unsupportedOperation(what string) *fault {
	return validation("500", "Unsupported Operation", "Operation "+what+" is not supported.")
}

func systemFault() *fault {
	return &fault{
		status: http.StatusInternalServerError, kind: "SystemFault", code: "10000",
		message: "An application error has occurred while processing your request", detail: "System Failure Error: ",
	}
}

// gateway is a fault of what stands in front of the API: the same names in lower case, and a time in
// milliseconds (recorded for 401).
func gateway(status int, kind, code, name string, detail *string, at time.Time) answer {
	type faultError struct {
		Message string  `json:"message"`
		Detail  *string `json:"detail"`
		Code    string  `json:"code"`
		Element *string `json:"element"`
	}
	type faultBody struct {
		Error []faultError `json:"error"`
		Type  string       `json:"type"`
	}
	a := asJSON(status, struct {
		Warnings           *string   `json:"warnings"`
		IntuitObject       *string   `json:"intuitObject"`
		Fault              faultBody `json:"fault"`
		Report             *string   `json:"report"`
		QueryResponse      *string   `json:"queryResponse"`
		BatchItemResponse  []string  `json:"batchItemResponse"`
		AttachableResponse []string  `json:"attachableResponse"`
		SyncErrorResponse  *string   `json:"syncErrorResponse"`
		RequestID          *string   `json:"requestId"`
		Time               int64     `json:"time"`
		Status             *string   `json:"status"`
		CDCResponse        []string  `json:"cdcresponse"`
	}{
		Fault:             faultBody{[]faultError{{fmt.Sprintf("message=%s; errorCode=00%s; statusCode=%d", name, code, status), detail, code, nil}}, kind},
		BatchItemResponse: []string{}, AttachableResponse: []string{}, CDCResponse: []string{}, Time: at.UnixMilli(),
	})
	a.contentType = faultType
	a.challenge = status == http.StatusUnauthorized
	return a
}

func html(status int) answer {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return answer{status: status, contentType: htmlType, body: []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" +
		title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")}
}
