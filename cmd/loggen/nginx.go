package main

// nginxLine appends a line of the nginx service: the combined format, followed
// by the request time and the request id that nginx assigned.

func (s *story) nginxLine(b []byte, f *flow) []byte {
	r := s.r
	b = appendIP(b, f.ip)
	if r.oneIn(16) {
		b = append(b, " - "...)
		b = r.appendLogin(b, f.user)
		b = append(b, " ["...)
	} else {
		b = append(b, " - - ["...)
	}
	b = append(b, s.now.clf...)
	b = append(b, `] "`...)
	b = append(b, f.route.method...)
	b = append(b, ' ')
	if s.plant() {
		b = append(b, "/catalog/zebrafish-"...)
		b = appendInt(b, r.n(10000))
	} else {
		b = append(b, f.path...)
	}
	b = append(b, protocols[r.pick(protocolPick)]...)
	b = appendInt(b, f.status)
	b = append(b, ' ')
	b = appendInt(b, f.bytes)
	switch ref := r.pick(refererPick); ref {
	case 0:
		b = append(b, ` "-" "`...)
	case 1:
		b = append(b, ` "https://shop.example.com/products/`...)
		b = append(b, r.word(products)...)
		b = append(b, '-')
		b = appendInt(b, r.skewed(40000))
		b = append(b, `" "`...)
	default:
		b = append(b, ` "`...)
		b = append(b, referers[ref-2]...)
		b = append(b, `" "`...)
	}
	ua := &agents[r.skewed(len(agents))]
	b = append(b, ua[0]...)
	b = appendInt(b, r.between(96, 142))
	b = append(b, ua[1]...)
	b = append(b, `" rt=`...)
	b = appendThousandth(b, int(f.took/1e6))
	b = append(b, " rid="...)
	b = append(b, f.uuid[:]...)
	if f.status >= 500 {
		s.bad = true
		if f.status == 504 {
			b = append(b, " upstream=timeout"...)
		}
	}
	return b
}

var (
	protocols    = []string{` HTTP/1.1" `, ` HTTP/2.0" `, ` HTTP/1.0" `}
	protocolPick = newPicker(60, 38, 2)

	// The first two weights are for no referer and a product page, the
	// others for referers.
	refererPick = newPicker(45, 25, 12, 8, 6, 4)
	referers    = []string{
		"https://shop.example.com/", "https://www.google.com/", "https://shop.example.com/cart", "https://news.example.org/weekly/deals?utm_source=mail",
	}

	// agents are split at the version of the browser.
	agents = [][2]string{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", ".0.0.0 Safari/537.36"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/", ".0.6778.73 Mobile/15E148 Safari/604.1"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", ".0.0.0 Safari/537.36"},
		{"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", ".0.0.0 Mobile Safari/537.36"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/", ".0"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/", ".0"},
		{"Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.com/about; build ", ")"},
		{"shop-ios/7.", " (iPhone15,2; iOS 18.1; Scale/3.00)"},
		{"shop-android/7.", " (Android 14; SDK 34; okhttp/4.12)"},
		{"python-requests/2.", ".0"},
		{"curl/8.", ".1"},
		{"kube-probe/1.", ""},
	}
)
