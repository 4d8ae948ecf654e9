package reader

import ()

// SmallBuffers puts blocks of little memory into the pool.
func SmallBuffers() {
	for range 100 {
		PutBlock(&Block{Buf: make([]byte, 100)})
	}
}
