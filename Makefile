# What people run. CI runs `make ci`.

export CGO_ENABLED = 0
GO ?= go

.PHONY: build check ci test race fuzz torture bench bench-memory bench-tui demo screens clean

build: ## the program, ./logview
	$(GO) build -trimpath -ldflags '-s -w' -o logview ./cmd/logview

check: ## formatting, vet, staticcheck, generated text, all tests, and the short ones again with -race
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt -w these files'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./...
	@if command -v $$(CGO_ENABLED=1 $(GO) env CC) >/dev/null; then \
		echo 'go test -race -short ./...'; CGO_ENABLED=1 $(GO) test -race -short ./...; \
	else echo 'no C compiler, which -race needs: left out'; fi

ci: check ## what CI runs: check, and the program for other machines
	GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null ./cmd/logview
	GOOS=windows GOARCH=amd64 $(GO) build -o /dev/null ./cmd/logview

fuzz: ## each fuzz test for FUZZTIME (default 1m)
	@set -e; for t in index/query:FuzzParse index/match:FuzzText index/match:FuzzRegexp index:FuzzPlan index:FuzzCatalog reader:FuzzFile reader:FuzzTable reader/gunzip:FuzzReader; do \
		echo $$t; $(GO) test ./$${t%%:*} -run '^$$' -fuzz "^$${t##*:}$$" -fuzztime $(or $(FUZZTIME),1m) -fuzzminimizetime 1x; done

torture: ## logs rotated by logrotate at 100,000 lines a second, followed, indexed and searched
	LOGVIEW_TORTURE=100000 $(GO) test ./cmd/logview -run TestTorture -count=1 -v -timeout 20m

bench: ## measure beside ripgrep, ugrep and zgrep, into BENCHMARKS.md
	$(GO) run ./cmd/bench

bench-memory: ## the same corpus four times as large: memory must stay
	$(GO) run ./cmd/bench -size 4GiB -only memory

bench-tui: ## the explorer in a terminal: frames, keys, hits, memory; only printed, for it needs 12 GB of disk
	$(GO) run ./cmd/bench -only tui -o /dev/null

demo: build ## make logs in ./demo and look at them
	rm -rf demo
	$(GO) run ./cmd/loggen -out demo -size 64MiB
	./logview ls demo
	@echo
	./logview search -m 2 'SocketTimeoutException -DEBUG' demo

screens: build ## the README's pictures of the explorer, from the real program in tmux
	rm -rf demo
	$(GO) run ./cmd/loggen -out demo -size 64MiB -seed 7
	$(GO) run ./cmd/screens -program ./logview -logs demo -out testdata/screens

clean:
	rm -rf logview demo
