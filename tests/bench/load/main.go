// sqsload drives a local SQS-compatible server and reports what it costs.
// Loopback only; every loop is bounded in time. See tests/bench/README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"time"
)

var (
	fURL     = flag.String("url", "http://127.0.0.1:9324/", "endpoint of the server (loopback)")
	fProto   = flag.String("proto", "auto", "json, query or auto (JSON first, then Query)")
	fPid     = flag.Int("pid", 0, "pid of the server: CPU and memory of it and its children are reported")
	fConns   = flag.String("c", "1,16,64", "connections, comma separated (each is a run of its own)")
	fDur     = flag.Duration("d", 3*time.Second, "length of one measured run")
	fRuns    = flag.Int("runs", 3, "runs of each; median, min and max are reported")
	fBody    = flag.Int("body", 256, "message body bytes")
	fName    = flag.String("name", "server", "label of the server in the report")
	fOut     = flag.String("out", "", "append one JSON line per run to this file")
	fN       = flag.Int("n", 1000000, "messages to preload in backlog")
	fPre     = flag.Duration("preload", 40*time.Second, "longest time to spend on a preload")
	fIdle    = flag.Int("idle", 1000, "idle long-polling connections in the idle scenario")
	fQueues  = flag.Int("queues", 10000, "queues in the queues scenario")
	fQDur    = flag.Duration("qd", 30*time.Second, "longest time for the queues scenario")
	fGroups  = flag.Int("groups", 100, "message groups in the fifo scenario")
	fWarm    = flag.Duration("warm", 500*time.Millisecond, "warm-up before each scenario")
	fBeside  = flag.String("beside", "", "parkedturns: endpoint of a second server, with nothing parked")
	fWait    = flag.Duration("lpgap", 20*time.Millisecond, "longpoll: how long the consumer waits before the send")
	fTimeout = flag.Duration("timeout", 30*time.Second, "a request that takes longer is a failure")
	fQRoot   = flag.Bool("qroot", false, "Query protocol: post to the endpoint's path, never to the queue's")
	fKeys    = flag.String("keys", "", "ACCESS:SECRET: sign each request for real (SigV4), for servers that verify it")
	fAuth    = flag.String("auth", "", "Authorization header value to send instead of the fake one")
)

type result struct {
	Server   string             `json:"server"`
	Scenario string             `json:"scenario"`
	Conns    int                `json:"conns"`
	Run      int                `json:"run"`
	Secs     float64            `json:"secs"`
	Reqs     int64              `json:"reqs"`
	Msgs     int64              `json:"msgs"`
	Errs     int64              `json:"errs"`
	ErrText  string             `json:"err_text,omitempty"`
	ReqS     float64            `json:"req_s"`
	MsgS     float64            `json:"msg_s"`
	P50      float64            `json:"p50_us"`
	P99      float64            `json:"p99_us"`
	P999     float64            `json:"p999_us"`
	Max      float64            `json:"max_us"`
	SrvCPU   float64            `json:"srv_cpu_s_per_kreq"`
	SrvUtil  float64            `json:"srv_cores"`
	CliUtil  float64            `json:"cli_cores"`
	OthUtil  float64            `json:"other_cores"`
	RSS      int64              `json:"rss_kib"`
	HWM      int64              `json:"hwm_kib"`
	Reconn   int64              `json:"reconnects"`
	Extra    map[string]float64 `json:"extra,omitempty"`
}

type bench struct {
	p      *proto
	l      *loop
	ctl    *conn
	body   string
	serial int
	hp     string
	raw    bool
}

func die(f string, a ...any) {
	fmt.Fprintf(os.Stderr, "sqsload: "+f+"\n", a...)
	os.Exit(1)
}

func (b *bench) newCtl() {
	if b.ctl != nil {
		b.ctl.close()
	}
	c, err := b.l.dial()
	if err != nil {
		die("connect: %v", err)
	}
	b.ctl = c
}

var uniq = strconv.FormatInt(time.Now().UnixNano()%1e10, 36)

func (b *bench) queue(fifo bool) (string, error) {
	b.serial++
	name := fmt.Sprintf("b%s-%d", uniq, b.serial)
	at := map[string]string{"VisibilityTimeout": "900"}
	if fifo {
		name += ".fifo"
		at["FifoQueue"] = "true"
	}
	r := b.ctl.call(b.p.createQueue(name, at), *fTimeout)
	if r.err != nil {
		return "", r.err
	}
	u := b.p.first(r.body, "QueueUrl")
	if r.status != 200 || u == "" {
		return "", fmt.Errorf("CreateQueue: %d %.200s", r.status, r.body)
	}
	return u, nil
}

func (b *bench) drop(q string) {
	b.ctl.call(b.p.simple("DeleteQueue", q, ""), *fTimeout)
}

type meter struct {
	lat                     []int64
	reqs, msgs, errs, empty int64
	errText                 string
	t0                      time.Time
	s0                      procStat
	c0, m0                  float64
	rc0                     int64
}

func (b *bench) start() *meter {
	m := &meter{lat: make([]int64, 0, 1<<16)}
	m.s0 = status(*fPid)
	m.rc0 = b.l.reconn
	m.m0 = machineCPU()
	m.c0 = selfCPU()
	m.t0 = time.Now()
	return m
}

func (m *meter) bad(r *resp) {
	m.errs++
	if m.errText == "" {
		if r.err != nil {
			m.errText = r.err.Error()
		} else {
			m.errText = fmt.Sprintf("%d %.160s", r.status, r.body)
		}
	}
}

func pct(l []int64, q float64) float64 {
	if len(l) == 0 {
		return 0
	}
	i := int(q * float64(len(l)))
	if i >= len(l) {
		i = len(l) - 1
	}
	return float64(l[i]) / 1e3
}

func (b *bench) finish(m *meter, scen string, conns, run int) result {
	sec := time.Since(m.t0).Seconds()
	c1, m1 := selfCPU(), machineCPU()
	s1 := status(*fPid)
	sort.Slice(m.lat, func(i, j int) bool { return m.lat[i] < m.lat[j] })
	r := result{Server: *fName, Scenario: scen, Conns: conns, Run: run, Secs: sec, Reqs: m.reqs, Msgs: m.msgs, Errs: m.errs, ErrText: m.errText,
		ReqS: float64(m.reqs) / sec, MsgS: float64(m.msgs) / sec,
		P50: pct(m.lat, .5), P99: pct(m.lat, .99), P999: pct(m.lat, .999), Max: pct(m.lat, 1),
		RSS: s1.rss, HWM: s1.hwm, Reconn: b.l.reconn - m.rc0, Extra: map[string]float64{}}
	cpu := s1.cpu - m.s0.cpu
	if m.reqs > 0 {
		r.SrvCPU = cpu / float64(m.reqs) * 1000
	}
	r.SrvUtil = cpu / sec
	r.CliUtil = (c1 - m.c0) / sec
	r.OthUtil = (m1-m.m0)/sec - r.SrvUtil - r.CliUtil
	if r.OthUtil < 0 {
		r.OthUtil = 0
	}
	if m.empty > 0 {
		r.Extra["empty_receives"] = float64(m.empty)
	}
	return r
}

func (b *bench) conns(n int) []*conn {
	cs := make([]*conn, 0, n)
	for i := 0; i < n; i++ {
		c, err := b.l.dial()
		if err != nil {
			die("connection %d of %d: %v", i+1, n, err)
		}
		c.id = i
		cs = append(cs, c)
	}
	return cs
}

func closeAll(cs []*conn) {
	for _, c := range cs {
		c.close()
	}
}

// run keeps every connection busy until the time is over. next(c, first)
// looks at c.r, accounts for it in m, and returns the next request or nil.
func (b *bench) run(cs []*conn, m *meter, d time.Duration, next func(c *conn, first bool) []byte) {
	end := time.Now().Add(d)
	live := 0
	fails := 0
	for _, c := range cs {
		if q := next(c, true); q != nil {
			c.submit(q)
			live++
		}
	}
	over := false
	last := time.Now()
	for live > 0 {
		rd := b.l.poll(50 * time.Millisecond)
		now := time.Now()
		if now.After(end) {
			over = true
		}
		if len(rd) > 0 {
			last = now
		} else if over && now.Sub(end) > 5*time.Second || now.Sub(last) > *fTimeout {
			m.errs += int64(live)
			if m.errText == "" {
				m.errText = fmt.Sprintf("%d requests unanswered", live)
			}
			return
		}
		for _, c := range rd {
			if c.idle { // a parked long poller: ask again, count nothing
				if over {
					continue
				}
				c.submit(c.reqB)
				continue
			}
			m.reqs++
			m.lat = append(m.lat, c.doneAt-c.sentAt)
			if c.r.err != nil {
				fails++
			}
			q := next(c, false)
			if q == nil || over || fails > 500 {
				live--
				continue
			}
			c.submit(q)
		}
	}
}

func (b *bench) mkbody(seq int) string {
	s := fmt.Sprintf("%08d", seq)
	return s + b.body[len(s):]
}

// preload fills a queue with n messages in batches of 10 over 16 connections.
func (b *bench) preload(q string, n int, maxd time.Duration, m *meter) int {
	cs := b.conns(16)
	defer closeAll(cs)
	seq, ok := 0, 0
	b.run(cs, m, maxd, func(c *conn, first bool) []byte {
		if !first {
			if c.r.err != nil || c.r.status != 200 {
				m.bad(&c.r)
			} else {
				f := b.p.failedEntries(c.r.body)
				ok += int(c.extra) - f
				m.msgs += c.extra - int64(f)
				m.errs += int64(f)
			}
		}
		if seq >= n {
			return nil
		}
		es := make([]entry, 0, 10)
		for len(es) < 10 && seq < n {
			es = append(es, entry{body: b.mkbody(seq)})
			seq++
		}
		c.extra = int64(len(es))
		return b.p.sendBatch(q, es)
	})
	return ok
}

// ---- scenarios -------------------------------------------------------------

func (b *bench) send1(q string, cs []*conn, m *meter, d time.Duration) {
	req := b.p.send(q, b.body, "", "")
	b.run(cs, m, d, func(c *conn, first bool) []byte {
		if !first {
			if c.r.err != nil || c.r.status != 200 {
				m.bad(&c.r)
			} else {
				m.msgs++
			}
		}
		return req
	})
}

func (b *bench) batch(q string, cs []*conn, m *meter, d time.Duration) {
	es := make([]entry, 10)
	for i := range es {
		es[i] = entry{body: b.body}
	}
	req := b.p.sendBatch(q, es)
	b.run(cs, m, d, func(c *conn, first bool) []byte {
		if !first {
			if c.r.err != nil || c.r.status != 200 {
				m.bad(&c.r)
			} else {
				f := b.p.failedEntries(c.r.body)
				m.msgs += int64(10 - f)
				m.errs += int64(f)
			}
		}
		return req
	})
}

// mixed: every connection repeats send, receive one, delete it.
func (b *bench) mixed(q string, cs []*conn, m *meter, d time.Duration) {
	snd := b.p.send(q, b.body, "", "")
	rcv := b.p.receive(q, 1, 0)
	b.run(cs, m, d, func(c *conn, first bool) []byte {
		if first {
			c.step = 0
			return snd
		}
		if c.r.err != nil || c.r.status != 200 {
			m.bad(&c.r)
			c.step = 0
			return snd
		}
		switch c.step {
		case 0:
			c.step = 1
			return rcv
		case 1:
			c.recs = b.p.records(c.recs, c.r.body, false)
			if len(c.recs) == 0 {
				m.empty++
				c.step = 0
				return snd
			}
			c.step = 2
			c.buf = b.p.delete(c.buf, q, c.recs[0].handle)
			return c.buf
		}
		m.msgs++
		c.step = 0
		return snd
	})
}

// drain: receive 10, delete 10, until empty. Checks loss and repeats.
func (b *bench) drain(q string, cs []*conn, m *meter, d time.Duration, n int) (uniq, dup int) {
	seen := make([]bool, n)
	rcv := b.p.receive(q, 10, 0)
	miss := 0
	stop := false
	b.run(cs, m, d, func(c *conn, first bool) []byte {
		if first {
			c.step = 0
			return rcv
		}
		if c.r.err != nil || c.r.status != 200 {
			m.bad(&c.r)
			c.step = 0
			return rcv
		}
		if c.step == 0 {
			c.recs = b.p.records(c.recs, c.r.body, true)
			if len(c.recs) == 0 {
				m.empty++
				miss++
				if uniq >= n || miss > 50+10*len(cs) {
					stop = true
				}
				if stop {
					return nil
				}
				return rcv
			}
			miss = 0
			for _, r := range c.recs {
				if len(r.body) >= 8 {
					i, err := strconv.Atoi(string(r.body[:8]))
					if err == nil && i < n {
						if seen[i] {
							dup++
						} else {
							seen[i] = true
							uniq++
						}
					}
				}
			}
			c.step = 1
			c.buf = b.p.deleteBatch(c.buf, q, c.recs)
			return c.buf
		}
		f := b.p.failedEntries(c.r.body)
		m.msgs += int64(len(c.recs) - f)
		m.errs += int64(f)
		c.step = 0
		if stop {
			return nil
		}
		return rcv
	})
	return
}

// fifo: every connection repeats send-batch-10 over the groups, receive 10,
// delete them. Per-group order is checked when one connection is used.
func (b *bench) fifo(q string, cs []*conn, m *meter, d time.Duration) (bad int) {
	seq := 0
	last := map[string]int{}
	rcv := b.p.receive(q, 10, 0)
	b.run(cs, m, d, func(c *conn, first bool) []byte {
		if !first && (c.r.err != nil || c.r.status != 200) {
			m.bad(&c.r)
			c.step = 0
			first = true
		}
		if !first {
			switch c.step {
			case 0:
				f := b.p.failedEntries(c.r.body)
				m.errs += int64(f)
				c.step = 1
				return rcv
			case 1:
				c.recs = b.p.records(c.recs, c.r.body, true)
				if len(c.recs) == 0 {
					m.empty++
					break
				}
				if len(cs) == 1 {
					for _, r := range c.recs {
						if len(r.body) < 16 {
							continue
						}
						i, e1 := strconv.Atoi(string(r.body[:8]))
						g := string(r.body[8:16])
						if p, ok := last[g]; ok && e1 == nil && i <= p {
							bad++
						}
						last[g] = i
					}
				}
				c.step = 2
				c.buf = b.p.deleteBatch(c.buf, q, c.recs)
				return c.buf
			case 2:
				f := b.p.failedEntries(c.r.body)
				m.errs += int64(f)
				m.msgs += int64(len(c.recs) - f)
			}
		}
		c.step = 0
		es := make([]entry, 10)
		for i := range es {
			g := seq % *fGroups
			s := fmt.Sprintf("%08d%08d", seq, g)
			es[i] = entry{body: s + b.body[16:], group: "g" + strconv.Itoa(g), dedup: uniq + "d" + strconv.Itoa(seq)}
			seq++
		}
		return b.p.sendBatch(q, es)
	})
	return
}

// longpoll: a consumer waits with WaitTimeSeconds=20; after a gap a message
// is sent; the latency is from the write of the send to the consumer's answer.
func (b *bench) longpoll(q string, m *meter, d time.Duration, extraIdle []*conn) {
	cs := b.conns(2)
	defer closeAll(cs)
	cons, prod := cs[0], cs[1]
	rcv := b.p.receive(q, 1, 20)
	snd := b.p.send(q, b.body, "", "")
	end := time.Now().Add(d)
	rnd := rand.New(rand.NewSource(1))
	for time.Now().Before(end) {
		cons.submit(rcv)
		gap := *fWait/2 + time.Duration(rnd.Int63n(int64(*fWait)))
		ge := time.Now().Add(gap)
		early := false
		for time.Now().Before(ge) {
			for _, c := range b.l.poll(time.Until(ge)) {
				if c == cons {
					early = true
				} else if c.idle {
					c.submit(c.reqB)
				}
			}
		}
		if early {
			if cons.r.err != nil || cons.r.status != 200 {
				m.bad(&cons.r)
			} else if recs := b.p.records(nil, cons.r.body, false); len(recs) == 0 {
				m.empty++ // did not wait
			} else {
				prod.call(b.p.delete(nil, q, recs[0].handle), 5*time.Second)
			}
			if m.errs+m.empty > 200 {
				return
			}
			continue
		}
		prod.submit(snd)
		t := prod.sentAt
		gotC, gotP := false, false
		lim := time.Now().Add(22 * time.Second)
		for (!gotC || !gotP) && time.Now().Before(lim) {
			for _, c := range b.l.poll(100 * time.Millisecond) {
				if c == cons {
					gotC = true
				} else if c == prod {
					gotP = true
				} else if c.idle {
					c.submit(c.reqB)
				}
			}
		}
		m.reqs++
		if !gotC || cons.r.err != nil || cons.r.status != 200 {
			if gotC {
				m.bad(&cons.r)
			} else {
				m.errs++
				m.errText = "consumer not woken in 22 s"
				cons.close()
			}
			continue
		}
		recs := b.p.records(nil, cons.r.body, false)
		if len(recs) == 0 {
			m.empty++
			// message is left over: take it away
			r := prod.call(b.p.receive(q, 10, 0), 5*time.Second)
			if recs = b.p.records(nil, r.body, false); len(recs) > 0 {
				prod.call(b.p.deleteBatch(nil, q, recs), 5*time.Second)
			}
			continue
		}
		m.msgs++
		m.lat = append(m.lat, cons.doneAt-t)
		prod.call(b.p.delete(nil, q, recs[0].handle), 5*time.Second)
	}
}

// pause: one fixed request after gaps as long as longpoll's: a round trip of which both sides come out of an idle wait,
// as they do when a parked poll is woken.
func (b *bench) pause(q string, m *meter, d time.Duration) {
	cs := b.conns(1)
	defer closeAll(cs)
	req := b.p.send(q, b.body, "", "")
	end := time.Now().Add(d)
	rnd := rand.New(rand.NewSource(1))
	for time.Now().Before(end) {
		ge := time.Now().Add(*fWait/2 + time.Duration(rnd.Int63n(int64(*fWait))))
		for time.Now().Before(ge) {
			b.l.poll(time.Until(ge))
		}
		if r := cs[0].call(req, 5*time.Second); r.err != nil || r.status != 200 {
			m.bad(&r)
			return
		}
		m.reqs++
		m.lat = append(m.lat, cs[0].doneAt-cs[0].sentAt)
	}
}

func (b *bench) park(q string, n int) []*conn {
	cs := b.conns(n)
	rq := b.p.receive(q, 1, 20)
	for _, c := range cs {
		c.idle = true
		c.reqB = rq
		c.submit(rq)
	}
	// let the server take them in
	end := time.Now().Add(2 * time.Second)
	for time.Now().Before(end) {
		for _, c := range b.l.poll(20 * time.Millisecond) {
			if c.idle {
				c.submit(c.reqB)
			}
		}
	}
	return cs
}

// ---- driver ----------------------------------------------------------------

var all []result

func emit(r result) {
	all = append(all, r)
	if *fOut != "" {
		f, err := os.OpenFile(*fOut, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			j, _ := json.Marshal(r)
			f.Write(append(j, '\n'))
			f.Close()
		}
	}
}

func med(v []float64) (md, lo, hi float64) {
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	if len(s) == 0 {
		return
	}
	return s[len(s)/2], s[0], s[len(s)-1]
}

func report(scen string, conns int) {
	var rq, ms, p50, p99, p999, cpu, oth, cli, srv []float64
	var errs, rc int64
	var rss int64
	et := ""
	ex := map[string][]float64{}
	for _, r := range all {
		if r.Scenario != scen || r.Conns != conns {
			continue
		}
		rq = append(rq, r.ReqS)
		ms = append(ms, r.MsgS)
		p50 = append(p50, r.P50)
		p99 = append(p99, r.P99)
		p999 = append(p999, r.P999)
		cpu = append(cpu, r.SrvCPU)
		oth = append(oth, r.OthUtil)
		cli = append(cli, r.CliUtil)
		srv = append(srv, r.SrvUtil)
		errs += r.Errs
		rc += r.Reconn
		rss = r.RSS
		if et == "" {
			et = r.ErrText
		}
		for k, v := range r.Extra {
			ex[k] = append(ex[k], v)
		}
	}
	m, lo, hi := med(rq)
	mm, _, _ := med(ms)
	a, _, _ := med(p50)
	c, _, _ := med(p99)
	d, _, _ := med(p999)
	e, _, _ := med(cpu)
	o, _, _ := med(oth)
	cl, _, _ := med(cli)
	sv, _, _ := med(srv)
	fmt.Printf("%-22s %-14s c=%-3d req/s %9.0f [%.0f..%.0f] msg/s %9.0f p50 %8.0f p99 %8.0f p999 %8.0f us cpu/kreq %.4f s srv %.2f cli %.2f other %.2f cores rss %.1f MiB errs %d reconn %d",
		*fName, scen, conns, m, lo, hi, mm, a, c, d, e, sv, cl, o, float64(rss)/1024, errs, rc)
	ks := make([]string, 0, len(ex))
	for k := range ex {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	for _, k := range ks {
		x, _, _ := med(ex[k])
		fmt.Printf(" %s=%.6g", k, x)
	}
	if et != "" {
		fmt.Printf(" ERR %q", et)
	}
	fmt.Println()
}

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: sqsload [flags] SCENARIO...\nscenarios: ping raw pause send1 batch drain mixed fifo longpoll idle backlog deepturns parkedturns queues all")
		flag.PrintDefaults()
	}
	flag.Parse()
	runtime.LockOSThread()
	debug.SetGCPercent(800)
	if *fAuth != "" {
		authHeader = *fAuth
	}
	if ak, sk, ok := strings.Cut(*fKeys, ":"); ok {
		useKeys(ak, sk)
	}
	b := newBench(*fURL)
	var cc []int
	for _, s := range strings.Split(*fConns, ",") {
		n, _ := strconv.Atoi(strings.TrimSpace(s))
		if n > 0 {
			cc = append(cc, n)
		}
	}
	scen := flag.Args()
	if len(scen) == 1 && scen[0] == "all" {
		scen = []string{"send1", "batch", "drain", "mixed", "fifo", "longpoll", "idle", "queues", "backlog"}
	}
	if len(scen) == 0 {
		flag.Usage()
		os.Exit(2)
	}
	rawOnly := true
	for _, s := range scen {
		if s != "raw" && s != "pause" {
			rawOnly = false
		}
	}
	b.newCtl()
	if !rawOnly {
		if _, err := b.queue(false); err != nil {
			if *fProto == "auto" {
				fmt.Printf("%s: JSON protocol refused (%v); using Query\n", *fName, err)
				b.p.json = false
				b.newCtl()
				if _, err = b.queue(false); err != nil {
					die("neither protocol works: %v", err)
				}
			} else {
				die("%v", err)
			}
		}
	}
	for _, s := range scen {
		b.scenario(s, cc)
	}
}

func newBench(rawURL string) *bench {
	u, err := url.Parse(rawURL)
	if err != nil {
		die("url: %v", err)
	}
	hp := u.Host
	if !strings.Contains(hp, ":") {
		hp += ":80"
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	l, err := newLoop(hp)
	if err != nil {
		die("%v", err)
	}
	b := &bench{l: l, p: &proto{json: *fProto != "query", host: u.Host, path: path}, hp: hp}
	b.body = strings.Repeat("abcdefghijklmnopqrstuvwxyz012345", *fBody/32+1)[:*fBody]
	return b
}

// The queue and the connections of one side of a comparison.
type side struct {
	name string
	b    *bench
	q    string
	cs   []*conn
}

// turns: the mix on both sides in short slices, one after the other: the speed of the machine drifts, and hits both.
func turns(sides [2]side) {
	for r := 0; r < *fRuns; r++ {
		for i := range sides {
			x := sides[(r+i)%2]
			m := x.b.start()
			x.b.mixed(x.q, x.cs, m, *fDur)
			emit(x.b.finish(m, x.name, len(x.cs), r))
		}
	}
	for _, x := range sides {
		report(x.name, len(x.cs))
		closeAll(x.cs)
	}
}

func (b *bench) sideOf(name string) side {
	q, err := b.queue(false)
	if err != nil {
		die("%s: %v", name, err)
	}
	x := side{name, b, q, b.conns(16)}
	b.mixed(q, x.cs, b.start(), *fWarm)
	return x
}

func (b *bench) scenario(s string, cc []int) {
	type fn func(q string, cs []*conn, m *meter, d time.Duration)
	simple := func(name string, f fn) {
		for _, n := range cc {
			q, err := b.queue(false)
			if err != nil {
				fmt.Printf("%s %s: %v\n", *fName, name, err)
				return
			}
			cs := b.conns(n)
			f(q, cs, b.start(), *fWarm)
			for r := 0; r < *fRuns; r++ {
				if r > 0 {
					b.drop(q)
					if q, err = b.queue(false); err != nil {
						fmt.Printf("%s %s: %v\n", *fName, name, err)
						break
					}
				}
				m := b.start()
				f(q, cs, m, *fDur)
				emit(b.finish(m, name, n, r))
			}
			closeAll(cs)
			b.drop(q)
			report(name, n)
		}
	}
	switch s {
	case "raw": // any responder: one fixed SendMessage request, any 200 counts
		for _, n := range cc {
			cs := b.conns(n)
			for r := 0; r < *fRuns; r++ {
				m := b.start()
				b.send1("http://"+b.p.host+"/000000000000/q", cs, m, *fDur)
				emit(b.finish(m, "raw", n, r))
			}
			closeAll(cs)
			report("raw", n)
		}
	case "pause": // any responder, as raw
		for r := 0; r < *fRuns; r++ {
			m := b.start()
			b.pause("http://"+b.p.host+"/000000000000/q", m, *fDur)
			emit(b.finish(m, "pause", 1, r))
		}
		report("pause", 1)
	case "ping": // GetQueueUrl-sized request: the protocol's cheapest call
		q, _ := b.queue(false)
		req := b.p.simple("GetQueueAttributes", q, map[bool]string{true: `"AttributeNames":["QueueArn"]`, false: "AttributeName.1=QueueArn"}[b.p.json])
		simple("ping", func(_ string, cs []*conn, m *meter, d time.Duration) {
			b.run(cs, m, d, func(c *conn, first bool) []byte {
				if !first && (c.r.err != nil || c.r.status != 200) {
					m.bad(&c.r)
				}
				return req
			})
		})
	case "send1":
		simple("send1", b.send1)
	case "batch":
		simple("batch", b.batch)
	case "mixed":
		simple("mixed", b.mixed)
	case "drain":
		for _, n := range cc {
			for r := 0; r < *fRuns; r++ {
				q, err := b.queue(false)
				if err != nil {
					fmt.Printf("%s drain: %v\n", *fName, err)
					return
				}
				pm := b.start()
				got := b.preload(q, 100000, *fDur, pm)
				cs := b.conns(n)
				m := b.start()
				un, dup := b.drain(q, cs, m, 2**fDur, 100000)
				x := b.finish(m, "drain", n, r)
				x.Extra["preloaded"] = float64(got)
				x.Extra["unique"] = float64(un)
				x.Extra["repeats"] = float64(dup)
				emit(x)
				closeAll(cs)
				b.drop(q)
			}
			report("drain", n)
		}
	case "fifo":
		for _, n := range cc {
			okAll := true
			for r := 0; r < *fRuns; r++ {
				q, err := b.queue(true)
				if err != nil {
					fmt.Printf("%s fifo: %v\n", *fName, err)
					okAll = false
					break
				}
				cs := b.conns(n)
				m := b.start()
				bad := b.fifo(q, cs, m, *fDur)
				x := b.finish(m, "fifo", n, r)
				x.Extra["order_violations"] = float64(bad)
				emit(x)
				closeAll(cs)
				b.drop(q)
			}
			if !okAll {
				return
			}
			report("fifo", n)
		}
	case "longpoll":
		for r := 0; r < *fRuns; r++ {
			q, err := b.queue(false)
			if err != nil {
				fmt.Printf("%s longpoll: %v\n", *fName, err)
				return
			}
			m := b.start()
			b.longpoll(q, m, *fDur, nil)
			emit(b.finish(m, "longpoll", 1, r))
			b.newCtl()
			b.drop(q)
		}
		report("longpoll", 1)
	case "idle":
		qi, err := b.queue(false)
		if err != nil {
			fmt.Printf("%s idle: %v\n", *fName, err)
			return
		}
		q, _ := b.queue(false)
		cs := b.conns(16)
		for r := 0; r < *fRuns; r++ {
			m := b.start()
			b.mixed(q, cs, m, *fDur)
			emit(b.finish(m, "idle-before", 16, r))
		}
		report("idle-before", 16)
		rss0 := status(*fPid).rss
		pk := b.park(qi, *fIdle)
		s1 := status(*fPid)
		t := time.Now()
		for time.Since(t) < 2*time.Second { // nothing but the waiting
			for _, c := range b.l.poll(20 * time.Millisecond) {
				if c.idle {
					c.submit(c.reqB)
				}
			}
		}
		s2 := status(*fPid)
		idleCPU := (s2.cpu - s1.cpu) / time.Since(t).Seconds()
		waiting := 0
		for _, c := range pk {
			if c.waiting {
				waiting++
			}
		}
		for r := 0; r < *fRuns; r++ {
			m := b.start()
			b.mixed(q, cs, m, *fDur)
			x := b.finish(m, "idle-with", 16, r)
			x.Extra["parked"] = float64(waiting)
			x.Extra["idle_cores"] = idleCPU
			x.Extra["rss_kib_per_poller"] = float64(s1.rss-rss0) / float64(*fIdle)
			emit(x)
		}
		report("idle-with", 16)
		closeAll(cs)
		closeAll(pk)
		time.Sleep(300 * time.Millisecond)
		b.newCtl()
		b.drop(q)
		b.drop(qi)
	case "deepturns": // the mix on a queue with many waiting, beside an empty one
		empty, deep := b.sideOf("turns-empty"), b.sideOf("turns-deep")
		b.preload(deep.q, *fN, *fPre, b.start())
		turns([2]side{empty, deep})
		b.newCtl()
		b.drop(empty.q)
		b.drop(deep.q)
	case "parkedturns": // the mix beside parked polls, and on another server without them
		other := newBench(*fBeside)
		other.newCtl()
		without, with := other.sideOf("turns-without"), b.sideOf("turns-parked")
		qi, err := b.queue(false)
		if err != nil {
			die("parkedturns: %v", err)
		}
		pk := b.park(qi, *fIdle)
		turns([2]side{without, with})
		closeAll(pk)
	case "backlog":
		q, err := b.queue(false)
		if err != nil {
			fmt.Printf("%s backlog: %v\n", *fName, err)
			return
		}
		s0 := status(*fPid)
		m := b.start()
		n := b.preload(q, *fN, *fPre, m)
		x := b.finish(m, "backlog-load", 16, 0)
		time.Sleep(time.Second)
		s1 := status(*fPid)
		x.Extra["messages"] = float64(n)
		x.Extra["rss_bytes_per_msg"] = float64(s1.rss-s0.rss) * 1024 / float64(max(n, 1))
		emit(x)
		report("backlog-load", 16)
		cs := b.conns(16)
		for r := 0; r < *fRuns; r++ {
			m = b.start()
			b.mixed(q, cs, m, *fDur)
			y := b.finish(m, "backlog-mixed", 16, r)
			y.Extra["depth"] = float64(n)
			emit(y)
		}
		report("backlog-mixed", 16)
		m = b.start()
		un, dup := b.drain(q, cs, m, 2**fDur, n)
		z := b.finish(m, "backlog-drain", 16, 0)
		z.Extra["unique"] = float64(un)
		z.Extra["repeats"] = float64(dup)
		emit(z)
		report("backlog-drain", 16)
		closeAll(cs)
		t := time.Now()
		b.newCtl()
		r := b.ctl.call(b.p.simple("PurgeQueue", q, ""), *fTimeout)
		fmt.Printf("%s backlog: PurgeQueue of the rest %d in %.3f s\n", *fName, r.status, time.Since(t).Seconds())
		b.drop(q)
	case "queues":
		s0 := status(*fPid)
		urls := make([]string, *fQueues)
		cs := b.conns(16)
		seq := 0
		okc := 0
		m := b.start()
		b.run(cs, m, *fQDur, func(c *conn, first bool) []byte {
			if !first {
				if c.r.err != nil || c.r.status != 200 {
					m.bad(&c.r)
				} else if u := b.p.first(c.r.body, "QueueUrl"); u != "" {
					urls[okc] = u
					okc++
					m.msgs++
				}
			}
			if seq >= *fQueues {
				return nil
			}
			seq++
			return b.p.createQueue(fmt.Sprintf("m%s-%d", uniq, seq), nil)
		})
		x := b.finish(m, "queues-create", 16, 0)
		s1 := status(*fPid)
		x.Extra["queues"] = float64(okc)
		x.Extra["rss_kib_per_queue"] = float64(s1.rss-s0.rss) / float64(max(okc, 1))
		emit(x)
		report("queues-create", 16)
		seq = 0
		m = b.start()
		b.run(cs, m, *fQDur, func(c *conn, first bool) []byte {
			if !first {
				if c.r.err != nil || c.r.status != 200 {
					m.bad(&c.r)
				} else {
					m.msgs++
				}
			}
			if seq >= okc {
				return nil
			}
			seq++
			return b.p.send(urls[seq-1], b.body, "", "")
		})
		emit(b.finish(m, "queues-send", 16, 0))
		report("queues-send", 16)
		t := time.Now()
		r := b.ctl.call(b.p.simple("ListQueues", "", map[bool]string{true: `"MaxResults":1000`, false: "MaxResults=1000"}[b.p.json]), *fTimeout)
		fmt.Printf("%s queues: ListQueues(1000) %d, %d bytes in %.1f ms\n", *fName, r.status, len(r.body), time.Since(t).Seconds()*1e3)
		seq = 0
		m = b.start()
		b.run(cs, m, *fQDur, func(c *conn, first bool) []byte {
			if seq >= okc {
				return nil
			}
			seq++
			return b.p.simple("DeleteQueue", urls[seq-1], "")
		})
		emit(b.finish(m, "queues-delete", 16, 0))
		report("queues-delete", 16)
		closeAll(cs)
	default:
		die("no scenario %q", s)
	}
}
