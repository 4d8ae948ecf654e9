package reader

// SmallBuffers puts blocks with little memory into the pool.
func SmallBuffers() {
	for range 100 {
		PutBlock(&Block{buf: make([]byte, 100)})
	}
}
