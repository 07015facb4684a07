package ingest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// unambiguous refuses JSON in which an object has a member twice: encoding/json mixes the two, and what one of them announced would be lost. It
// recurses no deeper than json.Unmarshal, which has read the same text, allows.
func unambiguous(d *json.Decoder) error {
	open, err := d.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		if open == json.Delim('{') {
			if err := member(d, seen); err != nil {
				return err
			}
		}
		if err := unambiguous(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// member reads the name of a member. Names are folded as encoding/json folds them: to it "records", "Records" and "Recordſ" are one.
func member(d *json.Decoder, seen map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	name := strings.ToLower(strings.ToUpper(fmt.Sprint(token)))
	if seen[name] {
		return fmt.Errorf("member %q is there twice", clip(name))
	}
	seen[name] = true
	return nil
}
