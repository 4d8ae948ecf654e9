//go:build unix

package main

import (
	"context"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// awaitHangup waits until nobody reads the pipe that f is any more, and returns true; it returns
// false when ctx is done, or if f is no pipe.
func awaitHangup(ctx context.Context, f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return false
	}
	const every = 500 // milliseconds
	for ctx.Err() == nil {
		list := []unix.PollFd{{Fd: int32(f.Fd())}}
		if n, err := unix.Poll(list, every); err != nil && err != unix.EINTR {
			return false
		} else if n > 0 && list[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
			return true
		}
	}
	return false
}
