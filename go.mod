module logview

go 1.26.0

require (
	charm.land/bubbles/v2 v2.2.1 // text input and key bindings of the explorer
	charm.land/bubbletea/v2 v2.0.9 // the explorer: terminal, events, drawing
	charm.land/lipgloss/v2 v2.0.6 // styles of the explorer
	github.com/RoaringBitmap/roaring/v2 v2.14.5 // sets of blocks, as Bleve's segments hold them
	github.com/SaveTheRbtz/zstd-seekable-format-go/pkg v0.10.0 // tests: reads our block stores as others would
	github.com/adrg/xdg v0.5.3 // where the cache lies on each system
	github.com/andybalholm/brotli v1.3.0 // brotli
	github.com/atotto/clipboard v0.1.4 // the system's clipboard, beside the terminal's
	github.com/blevesearch/bleve/v2 v2.6.1 // the index; later versions need a zapx that cannot be had
	github.com/blevesearch/bleve_index_api v1.4.1 // the documents of Bleve
	github.com/blevesearch/scorch_segment_api/v2 v2.4.10 // the segments of Bleve's index, scorch
	github.com/blevesearch/zapx/v17 v17.2.3 // their format: terms and the blocks that hold them
	github.com/bmatcuk/doublestar/v4 v4.10.4 // patterns of paths with **
	github.com/charmbracelet/colorprofile v0.4.3 // tests: frames without colours
	github.com/charmbracelet/x/ansi v0.11.9 // widths and cutting of what the explorer draws
	github.com/charmbracelet/x/exp/golden v0.1.0 // tests: frames kept
	github.com/clipperhouse/displaywidth v0.11.0 // how wide a text is on a terminal; runewidth takes 20 ms to start
	github.com/creack/pty v1.1.24 // bench and tests: a terminal to run the explorer in
	github.com/dustin/go-humanize v1.1.0 // sizes and numbers for people, and sizes they type
	github.com/fsnotify/fsnotify v1.10.1 // what the system tells of files
	github.com/gofrs/flock v0.13.1 // the lock between processes that build one index
	github.com/klauspost/compress v1.20.3 // zstd, deflate in zip; gzip in loggen
	github.com/pelletier/go-toml/v2 v2.4.3 // the settings
	github.com/pierrec/lz4/v4 v4.1.33 // lz4
	github.com/rogpeppe/go-internal v1.16.0 // tests: testscript
	github.com/sahilm/fuzzy v0.1.3 // finding logs and commands by some of their letters
	github.com/spf13/cobra v1.10.2 // commands, flags, completions, man pages
	github.com/spf13/pflag v1.0.9 // the flags of cobra
	github.com/therootcompany/xz v1.0.1 // reads xz; bounded memory, and a third faster than ulikunitz
	github.com/ulikunitz/xz v0.5.17 // reads .lzma; writes xz, in loggen and tests
	github.com/wasilibs/go-re2 v1.13.0 // regular expressions at ten times the speed of regexp
	golang.org/x/sync v0.24.0 // some goroutines at a time
	golang.org/x/sys v0.49.0 // free space of a disk, holes in files, priority of the index
	golang.org/x/term v0.47.0 // whether something is a terminal, and how wide
	golang.org/x/text v0.43.0 // UTF-16, and the charsets that --encoding names
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/aymanbagabas/go-udiff v0.4.1 // indirect
	github.com/bits-and-blooms/bitset v1.24.6 // indirect
	github.com/blevesearch/geo v0.2.6 // indirect
	github.com/blevesearch/go-faiss v1.1.5 // indirect
	github.com/blevesearch/go-porterstemmer v1.0.3 // indirect
	github.com/blevesearch/gtreap v0.1.1 // indirect
	github.com/blevesearch/mmap-go v1.2.0 // indirect
	github.com/blevesearch/segment v0.9.1 // indirect
	github.com/blevesearch/snowballstem v0.9.0 // indirect
	github.com/blevesearch/upsidedown_store_api v1.0.2 // indirect
	github.com/blevesearch/vellum v1.2.0 // indirect
	github.com/blevesearch/zapx/v11 v11.4.3 // indirect
	github.com/blevesearch/zapx/v12 v12.4.3 // indirect
	github.com/blevesearch/zapx/v13 v13.4.3 // indirect
	github.com/blevesearch/zapx/v14 v14.4.3 // indirect
	github.com/blevesearch/zapx/v15 v15.4.3 // indirect
	github.com/blevesearch/zapx/v16 v16.3.4 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/charmbracelet/ultraviolet v0.0.0-20260811164956-006e29f97886 // indirect
	github.com/charmbracelet/x/term v0.2.2 // indirect
	github.com/charmbracelet/x/termios v0.1.1 // indirect
	github.com/charmbracelet/x/windows v0.2.2 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.6 // indirect
	github.com/golang/snappy v1.0.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/json-iterator/go v0.0.0-20171115153421-f7279a603ede // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	github.com/mattn/go-runewidth v0.0.27 // indirect
	github.com/mschoch/smat v0.2.0 // indirect
	github.com/muesli/cancelreader v0.2.2 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/xo/terminfo v0.0.0-20220910002029-abceb7e1c41e // indirect
	go.etcd.io/bbolt v1.4.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.6 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool honnef.co/go/tools/cmd/staticcheck // make check

// 0.0.24 and later take 20 ms of every start for a table of all characters.
replace github.com/mattn/go-runewidth => github.com/mattn/go-runewidth v0.0.23
