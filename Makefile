# What people run. CI runs `make ci`.

export CGO_ENABLED = 0
GO ?= go

.PHONY: build check check-bare ci test race man fuzz torture bench bench-memory bench-scale bench-tui demo screens clean

build: ## the program, ./logview
	@test -e logview || echo 'Go downloads about 240 MB of modules and compiles them, unless it has done so before. That takes minutes.'
	@echo "$(BUILD)"; { $(SAY_DOWNLOADED); } & said=$$!; trap 'kill $$said 2>/dev/null' EXIT; $(BUILD)

# -v names each package as it is compiled.
BUILD = $(GO) build -v -trimpath -ldflags '-s -w' -o logview ./cmd/logview

# SAY_DOWNLOADED says every five seconds how much more has been downloaded,
# until the shell ends: some modules are large, and Go names each only once.
SAY_DOWNLOADED = dir=$$($(GO) env GOMODCACHE)/cache/download; \
	size() { du -sk "$$dir" 2>/dev/null | cut -f1; }; before=$$(size); last=$$before; \
	while sleep 5 >/dev/null 2>&1 && kill -0 $$$$ 2>/dev/null; do now=$$(size); \
	[ "$$now" = "$$last" ] || echo "... $$(( ($${now:-0} - $${before:-0}) / 1024 )) MB downloaded so far"; last=$$now; done

check: ## formatting, vet, staticcheck, generated text, all tests, and the short ones again with -race
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt -w these files'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -timeout 20m ./...
	@if command -v $$(CGO_ENABLED=1 $(GO) env CC) >/dev/null; then \
		echo 'go test -race -short ./...'; CGO_ENABLED=1 $(GO) test -race -short -timeout 20m ./...; \
	else echo 'no C compiler, which -race needs: left out'; fi

check-bare: ## the tests that use other programs, with Go, git, make, a shell and coreutils alone
	@bare=$$(mktemp -d); trap 'rm -rf "$$bare"' EXIT; \
	for p in $(BARE); do at=$$(command -v $$p); case $$at in /*) ;; *) at=/bin/$$p ;; esac; ln -s "$$at" "$$bare/$$p"; done; \
	echo 'go test ./cmd/..., and -short ./reader/... ./tui/..., with a bare PATH'; \
	PATH="$$bare" go test -skip Torture ./cmd/... && PATH="$$bare" go test -short -skip "RandomStories|AnyMoment" ./reader/... ./tui/...

# BARE is what tests may take to be installed. Those that use anything else
# skip where it is missing, or what they do with it.
BARE = go git make sh basename cat chmod cp cut date dd dirname du echo env expr false head ln ls mkdir mkfifo mktemp mv \
	od printf pwd rm rmdir seq sleep sort stat stty tail tee test touch tr true truncate uname uniq wc

ci: check check-bare ## what CI runs: check, check-bare, and the program for other machines
	GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null ./cmd/logview
	GOOS=windows GOARCH=amd64 $(GO) build -o /dev/null ./cmd/logview

man: ## the man pages in cmd/logview/man, after a change to a command or a flag
	mkdir -p cmd/logview/man && touch cmd/logview/man/logview.1
	$(GO) test ./cmd/logview -run TestManPages -args -update-man

fuzz: ## each fuzz test for FUZZTIME (default 1m)
	@set -e; for t in index/query:FuzzParse index/match:FuzzText index/match:FuzzRegexp index:FuzzPlan index:FuzzCatalog reader/files:FuzzFile reader/files:FuzzTable reader/files:FuzzUnpack reader/files:FuzzRefOfAnyPath reader/rotation:FuzzParse reader/line:FuzzClock reader/line:FuzzShown reader/line:FuzzFields reader/line:FuzzColumns index/pattern:FuzzMask reader/gunzip:FuzzReader; do \
		echo $$t; $(GO) test ./$${t%%:*} -run '^$$' -fuzz "^$${t##*:}$$" -fuzztime $(or $(FUZZTIME),1m) -fuzzminimizetime 1x; done

torture: ## logs rotated by logrotate at 100,000 lines a second, followed, indexed and searched
	LOGVIEW_TORTURE=100000 $(GO) test ./cmd/logview -run TestTorture -count=1 -v -timeout 20m

bench: ## measure beside ripgrep, ugrep and zgrep, into BENCHMARKS.md
	$(GO) run ./cmd/bench

bench-memory: ## the same corpus four times as large: memory must stay
	$(GO) run ./cmd/bench -size 4GiB -only memory

bench-scale: ## logview with 1, 16 and 64 GiB of logs, into cmd/bench/scale.md, which BENCHMARKS.md repeats; sizes without room on the disk are skipped
	$(GO) run ./cmd/bench -scale 1GiB,16GiB,64GiB

bench-tui: ## the explorer in a terminal: frames, keys, hits, memory; only printed, for it needs 12 GB of disk
	$(GO) run ./cmd/bench -only tui -o /dev/null

demo: build ## write logs into ./demo, list and search them
	rm -rf demo
	$(GO) run ./cmd/loggen -out demo -size 64MiB
	./logview ls demo
	@echo
	./logview search -m 2 'SocketTimeoutException -DEBUG' demo
	@printf '\nTo explore them (? shows the keys, q quits):\n\n    ./logview demo\n\n'

screens: build ## the README's pictures of the explorer, from the real program in tmux
	rm -rf demo
	$(GO) run ./cmd/loggen -out demo -size 64MiB -seed 7
	$(GO) run ./cmd/screens -program ./logview -logs demo -out testdata/screens

clean:
	rm -rf logview demo
