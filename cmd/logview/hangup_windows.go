package main

import (
	"context"
	"os"
)

// awaitHangup is not known to be possible on Windows: writing fails.
func awaitHangup(context.Context, *os.File) bool { return false }
