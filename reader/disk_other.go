//go:build !unix

package reader

func diskFree(string) (int64, bool) { return 0, false }
