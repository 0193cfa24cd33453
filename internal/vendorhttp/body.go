package vendorhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
)

// Kind says what a body is.
type Kind string

// The kinds of body.
const (
	KindEmpty  Kind = "empty"
	KindJSON   Kind = "JSON"
	KindXML    Kind = "XML"
	KindHTML   Kind = "HTML"
	KindText   Kind = "text"
	KindBinary Kind = "binary" // PDF, images
)

// Classify says what a body is by its first bytes, and by its content type where they leave a choice:
// gateways send HTML and XML under any content type, and QuickBooks answers a throttled JSON request
// with XML.
func Classify(contentType string, body []byte) Kind {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(text) == 0 {
		return KindEmpty
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		media = strings.TrimSpace(media)
	}
	declaredJSON := media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
	switch text[0] {
	case '{', '[':
		return KindJSON
	case '<':
		head := strings.ToLower(string(text[:min(len(text), 512)]))
		if strings.HasPrefix(head, "<!doctype html") || strings.Contains(head, "<html") || media == "text/html" && !strings.HasPrefix(head, "<?xml") {
			return KindHTML
		}
		return KindXML
	case '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 't', 'f', 'n':
		if declaredJSON {
			return KindJSON
		}
	}
	if bytes.HasPrefix(text, []byte("%PDF-")) || bytes.IndexByte(text[:min(len(text), 512)], 0) >= 0 {
		return KindBinary
	}
	if strings.HasPrefix(media, "image/") || media == "application/pdf" || media == "application/octet-stream" {
		return KindBinary
	}
	return KindText
}

// ErrNotJSON is what decoding another kind of body returns.
var ErrNotJSON = errors.New("vendorhttp: body is not JSON")

func decode(kind Kind, body []byte, v any) error {
	if kind != KindJSON {
		return fmt.Errorf("%w but %s, %d bytes", ErrNotJSON, kind, len(body))
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	d.UseNumber() // for fields of type any: an amount never passes through a float
	if err := d.Decode(v); err != nil {
		return decodeError(err, d.InputOffset())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("vendorhttp: body has something after its JSON value, at byte %d", d.InputOffset())
	}
	return nil
}

// decodeError keeps the place and drops the text: an error of a field's own decoder may quote what it
// could not read.
func decodeError(err error, at int64) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("vendorhttp: JSON body is cut off: %w", io.ErrUnexpectedEOF)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("vendorhttp: JSON field %q at byte %d cannot be read as %s", e.Field, e.Offset, e.Type)
	}
	return fmt.Errorf("vendorhttp: JSON body cannot be read, near byte %d", at)
}

// Decode decodes one JSON value from the Stream, as [Response.Decode] does, without having all of the
// body in memory, and reads to the end, so that a body that is cut off after the value is noticed.
func (s *Stream) Decode(v any) error {
	if s.buffered != nil {
		return s.Response.Decode(v)
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(s, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	if kind := Classify(s.Header.Get("Content-Type"), head); kind != KindJSON {
		return fmt.Errorf("%w but %s", ErrNotJSON, kind)
	}
	d := json.NewDecoder(io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), s))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		if broken, ok := errors.AsType[*Error](err); ok {
			return broken
		}
		return decodeError(err, d.InputOffset())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if broken, ok := errors.AsType[*Error](err); ok {
			return broken
		}
		return fmt.Errorf("vendorhttp: body has something after its JSON value, at byte %d", d.InputOffset())
	}
	return nil
}
