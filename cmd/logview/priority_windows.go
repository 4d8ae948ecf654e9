package main

import "golang.org/x/sys/windows"

// lowerPriority makes the process use only processor time that others leave.
func lowerPriority() {
	_ = windows.SetPriorityClass(windows.CurrentProcess(), windows.IDLE_PRIORITY_CLASS)
}
