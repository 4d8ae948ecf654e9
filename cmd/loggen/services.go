package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A service is a kind of program that writes its own log.
type service uint8

const (
	svcAPI service = iota
	svcAuth
	svcNginx
	svcWorker
	svcBilling
	svcKernel
	serviceCount
)

// services contains the name of each service and the stem of its log's name, in
// the order in which they are printed.
var services = [serviceCount]struct{ name, stem string }{
	svcAPI:     {"api", "api"},
	svcAuth:    {"auth", "auth"},
	svcNginx:   {"nginx", "access"},
	svcWorker:  {"worker", "worker"},
	svcBilling: {"billing", "billing"},
	svcKernel:  {"kernel", "kern"},
}

func serviceNames() string {
	var names []string
	for _, s := range services {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// parseServices parses a list such as "api,nginx"; empty means all.
func parseServices(list string) ([]service, error) {
	var picked []service
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		i := slices.IndexFunc(services[:], func(s struct{ name, stem string }) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-services %q: no service %q; there are %s", list, name, serviceNames())
		}
		if !slices.Contains(picked, service(i)) {
			picked = append(picked, service(i))
		}
	}
	if len(picked) == 0 {
		for i := range services {
			picked = append(picked, service(i))
		}
	}
	slices.Sort(picked)
	return picked, nil
}

// A logName contains the parts from which naming styles build file names.
type logName struct {
	stem   string // api or api-07
	svc    service
	docker string // 64 hex digits
	pod    string // NS_POD_UID
}

// logNames returns the names of the logs of the picked services. Instance i of
// the k-th picked service has the index k*instances+i, which story and writers
// use, too.
func logNames(picked []service, instances int, seed uint64) []logName {
	r := newRNG(seed ^ 0x6e616d6573)
	width := max(2, len(strconv.Itoa(instances)))
	var names []logName
	for _, svc := range picked {
		for i := range instances {
			n := logName{stem: services[svc].stem, svc: svc}
			if instances > 1 {
				n.stem = string(appendPad([]byte(n.stem+"-"), i+1, width))
			}
			var id []byte
			for range 4 {
				id = appendHex(id, r.u64(), 16)
			}
			n.docker = string(id)
			var uid [36]byte
			putUUID(&uid, r.u64(), r.u64())
			pod := []byte("shop_" + services[svc].name + "-")
			pod = appendHex(pod, r.u64(), 10)
			pod = append(pod, '-')
			pod = appendHex(pod, r.u64(), 6)
			n.pod = string(pod) + "_" + string(uid[:])
			names = append(names, n)
		}
	}
	return names
}
