package main

// kernelLine appends a line of the kernel service, as rsyslog writes it to
// kern.log.

func (s *story) kernelLine(b []byte, f *flow) []byte {
	r := s.r
	b = s.syslogHead(b, "kernel", svcKernel, f, 0)
	b = append(b, '[')
	up := s.now.t - s.boot + int64(f.inst[svcKernel])*7e12
	b = appendInt(b, int(up/1e9))
	b = append(b, '.')
	b = appendPad(b, int(up%1e9/1e3), 6)
	b = append(b, "] "...)
	if s.plant() {
		return append(b, "usb 1-1.2: Product: zebrafish"...)
	}
	switch r.pick(kernelPick) {
	case 0:
		return s.blockedPacket(b, f)
	case 1:
		b = append(b, "TCP: request_sock_TCP: Possible SYN flooding on port "...)
		b = appendInt(b, scanned[r.skewed(len(scanned))])
		return append(b, ". Sending cookies."...)
	case 2:
		s.bad = true
		return s.outOfMemory(b, f)
	case 3:
		return s.denial(b, f)
	case 4:
		s.bad = true
		b = append(b, "blk_update_request: I/O error, dev sd"...)
		b = append(b, byte('a'+r.n(6)))
		b = append(b, ", sector "...)
		b = appendInt(b, r.n(1<<31))
		return append(b, " op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0"...)
	case 5:
		b = append(b, "EXT4-fs (dm-"...)
		b = appendInt(b, r.n(8))
		return append(b, "): mounted filesystem with ordered data mode. Quota mode: none."...)
	case 6:
		b = append(b, "usb 1-"...)
		b = appendInt(b, r.between(1, 4))
		b = append(b, ": new high-speed USB device number "...)
		b = appendInt(b, r.between(2, 120))
		return append(b, " using xhci_hcd"...)
	}
	b = append(b, "veth"...)
	b = appendHex(b, r.u64(), 8)
	return append(b, ": link becomes ready"...)
}

// blockedPacket appends the message of the firewall about a packet.
func (s *story) blockedPacket(b []byte, f *flow) []byte {
	r := s.r
	b = append(b, "[UFW BLOCK] IN=eth0 OUT= MAC="...)
	mac := r.u64()
	for i := range 6 {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, hexPairs[byte(mac>>(8*i))][0], hexPairs[byte(mac>>(8*i))][1])
	}
	b = append(b, ":08:00 SRC="...)
	b = appendIP(b, f.ip)
	b = append(b, " DST="...)
	b = appendIP(b, 10<<24|uint32(r.n(1<<12)))
	b = append(b, " LEN="...)
	b = appendInt(b, r.between(40, 60))
	b = append(b, " TOS=0x00 PREC=0x00 TTL="...)
	b = appendInt(b, r.between(32, 255))
	b = append(b, " ID="...)
	b = appendInt(b, r.n(65536))
	b = append(b, " PROTO=TCP SPT="...)
	b = appendInt(b, f.port)
	b = append(b, " DPT="...)
	b = appendInt(b, scanned[r.skewed(len(scanned))])
	b = append(b, " WINDOW="...)
	b = appendInt(b, r.n(65536))
	return append(b, " RES=0x00 SYN URGP=0"...)
}

// outOfMemory appends the message about a process killed for its memory.
func (s *story) outOfMemory(b []byte, f *flow) []byte {
	r := s.r
	b = append(b, "Out of memory: Killed process "...)
	b = appendInt(b, f.pid)
	b = append(b, " ("...)
	b = append(b, r.word(processes)...)
	b = append(b, ") total-vm:"...)
	b = appendInt(b, r.between(1<<18, 1<<24))
	b = append(b, "kB, anon-rss:"...)
	b = appendInt(b, r.between(1<<16, 1<<22))
	return append(b, "kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:8124kB oom_score_adj:0"...)
}

// denial appends the message of AppArmor about a file that a process may not
// read.
func (s *story) denial(b []byte, f *flow) []byte {
	r := s.r
	b = append(b, "audit: type=1400 audit("...)
	b = appendInt(b, int(s.now.sec))
	b = append(b, '.')
	b = appendPad(b, s.now.frac/1e6, 3)
	b = append(b, ':')
	b = appendInt(b, r.n(100000))
	b = append(b, `): apparmor="DENIED" operation="open" profile="/usr/sbin/`...)
	b = append(b, r.word(processes)...)
	b = append(b, `" name="/proc/`...)
	b = appendInt(b, f.pid)
	b = append(b, `/maps" pid=`...)
	b = appendInt(b, f.pid)
	return append(b, ` requested_mask="r" denied_mask="r"`...)
}

var (
	kernelPick = newPicker(62, 3, 3, 12, 3, 4, 4, 9)
	scanned    = []int{22, 443, 80, 23, 3389, 8080, 5432, 6379, 9200, 27017, 11211, 1433}
	processes  = []string{"java", "nginx", "postgres", "node", "mysqld", "worker", "chronyd"}
)
