package main

import (
	"embed"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// manPages contains the man pages of all commands. `make man` writes them, and
// a test compares them with the commands. They are not generated at run time,
// because the packages for that would slow down every start of the program.
//
//go:embed man/*.1
var manPages embed.FS

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the man pages to a directory",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			pages, err := manPages.ReadDir("man")
			if err != nil {
				return err
			}
			for _, p := range pages {
				text, err := manPages.ReadFile("man/" + p.Name())
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(args[0], p.Name()), text, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
