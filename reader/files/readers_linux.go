package files

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// outputsOfReaders returns the regular files to which the programs write that read the standard
// output of this one through a pipe, or the standard output of such a program, as far as the
// system shows the files that they have open. These are the standard output of a program that has
// the pipe as its standard input, and all files of tee. A program may have other files open for
// other purposes, such as a log of its own.
func outputsOfReaders() []os.FileInfo {
	pipes := map[string]bool{}
	if name, err := os.Readlink("/proc/self/fd/1"); err == nil && isPipeName(name) {
		pipes[name] = true
	}
	var out []os.FileInfo
	const longest = 8 // programs in a pipeline
	done := map[string]bool{strconv.Itoa(os.Getpid()): true}
	for range longest {
		next := map[string]bool{}
		for _, dir := range readersOf(pipes, done) {
			comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
			for _, fd := range openFiles(dir) {
				switch {
				case fd.mode&0o200 == 0, filepath.Base(fd.path) != "1" && string(comm) != "tee\n":
				case isPipeName(fd.name):
					next[fd.name] = true
				default:
					if info, err := os.Stat(fd.path); err == nil && info.Mode().IsRegular() {
						out = append(out, info)
					}
				}
			}
		}
		if len(next) == 0 {
			break
		}
		pipes = next
	}
	return out
}

// readersOf returns the directories in /proc of the processes whose standard input is one of the
// pipes, but not of those that are done, and marks them as done.
func readersOf(pipes, done map[string]bool) []string {
	if len(pipes) == 0 {
		return nil
	}
	var out []string
	list, _ := os.ReadDir("/proc")
	for _, e := range list {
		if _, err := strconv.Atoi(e.Name()); err != nil || done[e.Name()] {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		if name, err := os.Readlink(filepath.Join(dir, "fd", "0")); err == nil && pipes[name] {
			done[e.Name()] = true
			out = append(out, dir)
		}
	}
	return out
}

// An openFile is a file that a process has open.
type openFile struct {
	path string      // of the link to it in /proc
	name string      // what that link says
	mode os.FileMode // of the link: how it is open
}

// openFiles returns the files that a process has open; none if the system does not show them.
func openFiles(dir string) []openFile {
	fds := filepath.Join(dir, "fd")
	list, _ := os.ReadDir(fds)
	var out []openFile
	for _, e := range list {
		path := filepath.Join(fds, e.Name())
		name, err := os.Readlink(path)
		if err != nil {
			continue
		}
		if info, err := os.Lstat(path); err == nil {
			out = append(out, openFile{path, name, info.Mode()})
		}
	}
	return out
}

func isPipeName(name string) bool { return strings.HasPrefix(name, "pipe:[") }
