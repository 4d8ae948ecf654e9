package main

// billingHead appends the beginning of a line of the billing service. It logs
// in the style of Java; failures have stack traces of many lines. A record is
// written together with its trace, as loggers do, so rotation never splits one.

func (s *story) billingHead(b []byte, level, logger string, f *flow) []byte {
	b = s.now.appendJava(b)
	b = append(b, level...)
	b = append(b, "[pool-2-thread-"...)
	b = appendInt(b, f.thread%24+1)
	b = append(b, "] com.example.billing."...)
	b = append(b, logger...)
	b = append(b, " - ["...)
	b = append(b, f.uuid[:]...)
	return append(b, "] "...)
}

func (s *story) billingStart(b []byte, f *flow) []byte {
	r := s.r
	if s.plant() {
		b = s.billingHead(b, " WARN  ", "CouponService", f)
		return append(b, "coupon zebrafish is not known"...)
	}
	b = s.billingHead(b, " INFO  ", "PaymentService", f)
	b = append(b, "charging order "...)
	b = appendInt(b, f.order)
	b = append(b, " amount="...)
	b = appendInt(b, r.between(3, 900))
	b = append(b, '.')
	b = appendPad(b, r.n(100), 2)
	b = append(b, ' ')
	b = append(b, r.word(currencies)...)
	b = append(b, " customer=\""...)
	b = r.appendDisplay(b, f.user)
	b = append(b, "\" trace="...)
	return append(b, f.trace[:]...)
}

func (s *story) billingDone(b []byte, f *flow) []byte {
	r := s.r
	if r.oneIn(12) {
		b = s.billingHead(b, " WARN  ", "FraudCheck", f)
		b = append(b, "order "...)
		b = appendInt(b, f.order)
		b = append(b, " scored "...)
		b = appendInt(b, r.between(50, 89))
		return append(b, " of 100, passed on for review"...)
	}
	b = s.billingHead(b, " INFO  ", "PaymentService", f)
	b = append(b, "order "...)
	b = appendInt(b, f.order)
	b = append(b, " paid, authorization "...)
	b = r.appendBase64(b, 12)
	b = append(b, " acquirer="...)
	return append(b, r.word(acquirers)...)
}

func (s *story) billingFail(b []byte, f *flow) []byte {
	r := s.r
	s.bad = true
	b = s.billingHead(b, " ERROR ", "PaymentService", f)
	b = append(b, "charge failed for order "...)
	b = appendInt(b, f.order)
	if f.status == 504 || r.oneIn(3) {
		b = append(b, ": gateway timeout after "...)
		b = appendInt(b, int(f.took/1e6))
		b = append(b, " ms\ncom.example.billing.GatewayException: no answer from "...)
		b = append(b, r.word(acquirers)...)
		b = s.frames(b, billingFrames, r.between(3, len(billingFrames)))
		b = s.frames(b, serverFrames, r.between(4, len(serverFrames)))
		b = append(b, "\nCaused by: java.net.SocketTimeoutException: Read timed out"...)
		b = s.frames(b, socketFrames, r.between(3, len(socketFrames)))
		return append(b, "\n\t... 23 more"...)
	}
	b = append(b, '\n')
	b = append(b, r.word(javaErrors)...)
	b = s.frames(b, billingFrames, r.between(2, len(billingFrames)))
	b = s.frames(b, serverFrames, r.between(2, len(serverFrames)))
	if r.oneIn(2) {
		b = append(b, "\nCaused by: org.postgresql.util.PSQLException: ERROR: could not serialize access due to concurrent update"...)
		b = s.frames(b, sqlFrames, r.between(2, len(sqlFrames)))
		b = append(b, "\n\t... "...)
		b = appendInt(b, r.between(11, 48))
		b = append(b, " more"...)
	}
	return b
}

// frames appends the first n elements of list, with line numbers that vary a
// little, as between releases.
func (s *story) frames(b []byte, list []string, n int) []byte {
	for i, fr := range list[:n] {
		b = append(b, "\n\tat "...)
		b = append(b, fr...)
		b = append(b, ':')
		b = appendInt(b, 40+i*31+s.r.n(4)*7)
		b = append(b, ')')
	}
	return b
}

var (
	currencies = []string{"EUR", "USD", "EUR", "GBP", "PLN", "JPY", "€"}
	acquirers  = []string{"worldpay", "adyen", "stripe", "klarna"}
	javaErrors = []string{
		"java.lang.IllegalStateException: order is already being charged",
		"java.lang.NullPointerException: Cannot invoke \"Card.expiry()\" because \"card\" is null",
		"org.springframework.dao.CannotAcquireLockException: could not execute batch",
		"com.example.billing.CardDeclinedException: declined by issuer, code 51",
		"java.util.concurrent.TimeoutException: no permit within 2 s",
	}
	billingFrames = []string{
		"com.example.billing.gateway.HttpGateway.post(HttpGateway.java",
		"com.example.billing.gateway.HttpGateway.charge(HttpGateway.java",
		"com.example.billing.PaymentService.attempt(PaymentService.java",
		"com.example.billing.PaymentService.lambda$charge$3(PaymentService.java",
		"com.example.billing.retry.Retry.call(Retry.java",
		"com.example.billing.PaymentService.charge(PaymentService.java",
		"com.example.billing.web.ChargeController.create(ChargeController.java",
	}
	serverFrames = []string{
		"jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java",
		"java.base/java.lang.reflect.Method.invoke(Method.java",
		"org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java",
		"org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java",
		"org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java",
		"org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java",
		"org.apache.catalina.core.StandardWrapperValve.invoke(StandardWrapperValve.java",
		"org.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun(NioEndpoint.java",
		"java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java",
		"java.base/java.lang.Thread.run(Thread.java",
	}
	socketFrames = []string{
		"java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java",
		"java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java",
		"java.base/java.net.Socket$SocketInputStream.read(Socket.java",
		"java.base/sun.security.ssl.SSLSocketInputRecord.read(SSLSocketInputRecord.java",
		"org.apache.http.impl.io.SessionInputBufferImpl.fillBuffer(SessionInputBufferImpl.java",
	}
	sqlFrames = []string{
		"org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java",
		"org.postgresql.core.v3.QueryExecutorImpl.processResults(QueryExecutorImpl.java",
		"org.postgresql.jdbc.PgStatement.executeInternal(PgStatement.java",
		"com.zaxxer.hikari.pool.ProxyPreparedStatement.executeUpdate(ProxyPreparedStatement.java",
	}
)
