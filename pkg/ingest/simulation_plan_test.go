package ingest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"time"
)

// planned is one event of a notification.
type planned struct {
	event    event
	identity string // Empty when it must not be counted.
	poison   bool
	gone     bool
}

// planObjects draws what is written to the bucket, and what S3 says of it.
func (w *universe) planObjects() (all []planned) {
	for n := range 3 + w.random.IntN(10) {
		key := fmt.Sprintf("AWSLogs/111122223333/vpcflowlogs/object %d.log.gz", n)
		switch dice := w.random.Float64(); {
		case dice < 0.1:
			w.seen[sawPoison]++
			all = append(all, planned{event: w.put(key, pick(w.random, w.corpus.poison...)), poison: true})
		case dice < 0.15: // It is gone before anybody comes.
			e := created(key, &fakeObject{content: w.corpus.good[1], etag: etagOf(w.corpus.good[1])})
			all = append(all, planned{event: e, gone: true})
		case dice < 0.25: // It is overwritten: the notification of the first version comes to nothing.
			all = append(all, planned{event: w.put(key, w.corpus.good[1+w.random.IntN(4)])}, w.putGood(key, 5+w.random.IntN(4)))
		default:
			all = append(all, w.putGood(key, w.random.IntN(9)))
		}
	}
	return all
}

func (w *universe) putGood(key string, records int) planned {
	content := w.corpus.good[records]
	id := identity(Object{Bucket: bucket, Key: key, ETag: etagOf(content)})
	w.golden[id] = records
	e := w.put(key, content)
	switch w.random.IntN(8) {
	case 0:
		e = e.without("eTag")
	case 1:
		e = e.without("size")
	}
	return planned{event: e, identity: id}
}

func (w *universe) put(key string, content []byte) event {
	w.puts = append(w.puts, func() { w.store.put(key, content) })
	return created(key, &fakeObject{content: content, etag: etagOf(content)})
}

func etagOf(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// planMessages announces every object at least once, some of them again, and in any order.
func (w *universe) planMessages(all []planned) (bodies []string) {
	w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for rest := all; len(rest) > 0; {
		n := min(1+w.random.IntN(4), len(rest))
		bodies = append(bodies, w.planMessage(rest[:n]))
		rest = rest[n:]
	}
	for range w.random.IntN(len(all)) { // Two notifications of one upload.
		bodies = append(bodies, w.planMessage([]planned{all[w.random.IntN(len(all))]}))
	}
	w.random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	return bodies
}

func (w *universe) planMessage(of []planned) string {
	says, events := &said{}, []event{}
	for _, p := range of {
		events = append(events, p.event)
		says.poison, says.gone = says.poison || p.poison, says.gone || p.gone
		if p.identity != "" {
			says.identities = append(says.identities, p.identity)
		}
	}
	body := message(events...)
	w.messages[body] = says
	return body
}

// planSteps mixes what is sent with what goes wrong.
func (w *universe) planSteps(bodies []string) {
	pause := func(most time.Duration) time.Duration { return time.Millisecond + upTo(w.random, most) }
	most := pick(w.random, 2*time.Second, 30*time.Second, 5*time.Minute)
	total := time.Duration(0)
	add := func(s step) {
		s.pause = pause(most)
		w.steps, total = append(w.steps, s), total+s.pause
	}
	for _, body := range bodies {
		add(step{send: body})
		switch w.random.IntN(8) {
		case 0:
			add(step{kill: true})
		case 1:
			add(step{drain: true})
		case 2:
			add(step{redeliver: true})
		}
	}
	add(step{redeliver: true})
	for range w.random.IntN(4) {
		from := upTo(w.random, total)
		part := pick(w.random, partQueue, partBucket, partLedger, partMemory)
		w.readsMemory = w.readsMemory || part == partMemory
		w.outages = append(w.outages, outageWindow{part, from, from + pause(pick(w.random, 10*time.Second, 20*time.Minute))})
	}
}
