package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"

	"logview/reader"
	"logview/reader/files"
)

// samples maps placeholders in rows to expressions for the texts to search for.
// The texts differ between corpora.
var samples = map[string]*regexp.Regexp{
	"{hex32}":  regexp.MustCompile(`\b[0-9a-f]{32}\b`),
	"{uuid}":   regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`),
	"{phrase}": regexp.MustCompile(`[A-Za-z]{3,} \S*zebrafish`),
}

var errNoSample = errors.New("no such text in it")

// sample returns a text of the corpus that matches samples[kind]. It looks at
// the logs in order, starting with the middle one.
func (c *corpus) sample(kind string) (string, error) {
	if s, ok := c.sampled[kind]; ok {
		if s == "" {
			return "", errNoSample
		}
		return s, nil
	}
	if c.sampled == nil {
		c.sampled = map[string]string{}
	}
	c.sampled[kind] = ""
	logs, errs := files.Find([]string{c.dir})
	if len(errs) > 0 {
		return "", errs[0]
	}
	for i := range logs {
		s, err := sampleOf(logs[(i+len(logs)/2)%len(logs)], samples[kind])
		if err != nil {
			return "", err
		}
		if s != "" {
			c.sampled[kind] = s
			return s, nil
		}
	}
	return "", errNoSample
}

func sampleOf(l files.Log, expr *regexp.Regexp) (string, error) {
	src := files.NewSource(l, files.Options{})
	defer src.Close()
	b := reader.GetBlock()
	defer reader.PutBlock(b)
	for _, m := range src.Members() {
		blocks, err := src.Open(context.Background(), m, reader.Pos{})
		if errors.Is(err, reader.ErrBinary) {
			continue
		}
		if err != nil {
			return "", err
		}
		for err == nil {
			if err = blocks.Next(b); err == nil {
				if found := expr.Find(b.Text); found != nil {
					blocks.Close()
					return strings.Clone(string(found)), nil
				}
			}
		}
		blocks.Close()
		if err != io.EOF {
			return "", err
		}
	}
	return "", nil
}
