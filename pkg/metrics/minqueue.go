package metrics

import "math/bits"

// minQueue finds the smallest of counts that only grow, in lists of entries: list b has those whose count, when it was last looked at, first
// differs from base in bit b−1 from the right; list 0 those that had base. Base is never above a count, so the smallest is in the first
// list that has any. An entry whose count grew stays where it is until it is looked at, so growing costs nothing; and each look at a list moves
// its entries down, so that finding the smallest takes a few steps instead of a walk through a heap.
//
// This is a radix heap. Source: Ahuja, Mehlhorn, Orlin, Tarjan, "Faster Algorithms for the Shortest Path Problem", Journal of the ACM 37(2), 1990.
type minQueue struct {
	base  uint64
	heads [65]int32 // Of each list: 0 is empty, else 1 + position of an entry.
	next  []int32   // Of each entry, the next one of its list, in the same way.
	size  int
}

func newMinQueue(entries int) minQueue { return minQueue{next: make([]int32, entries)} }

// push adds an entry that is in no list. The count must not be below that of any entry that was the smallest.
func (q *minQueue) push(entry int32, count uint64) {
	list := &q.heads[bits.Len64(count^q.base)]
	q.next[entry], *list = *list, entry+1
	q.size++
}

// pop takes the first entry out of list 0.
func (q *minQueue) pop() {
	q.heads[0] = q.next[q.heads[0]-1]
	q.size--
}

// take empties the first list that is not empty, and returns what its head was. There must be one.
func (q *minQueue) take() (list int, head int32) {
	for q.heads[list] == 0 {
		list++
	}
	head, q.heads[list] = q.heads[list], 0
	return list, head
}

func (q *minQueue) reset() { q.base, q.heads, q.size = 0, [65]int32{}, 0 }

// lightest returns the entry with the smallest count. It is the first of list 0 then. Only for a full sketch: in one that has places left, the next key
// may be lighter than the base is then.
func (s *sketch[K]) lightest() int32 {
	q := &s.queue
	for {
		for head := q.heads[0]; head != 0; head = q.heads[0] {
			count := s.entries[head-1].count
			if count == q.base {
				return head - 1
			}
			q.pop()
			q.push(head-1, count)
		}
		s.refine()
	}
}

// refine distributes the first list over lower ones. Entries that grew out of it go to higher ones.
func (s *sketch[K]) refine() {
	q := &s.queue
	list, head := q.take()
	smallest := s.entries[head-1].count
	for i := head; i != 0; i = q.next[i-1] {
		smallest = min(smallest, s.entries[i-1].count)
	}
	if bits.Len64(smallest^q.base) == list { // Else a higher list may have a smaller one.
		q.base = smallest
	}
	for i := head; i != 0; {
		next := q.next[i-1]
		q.size--
		q.push(i-1, s.entries[i-1].count)
		i = next
	}
}

// rebuild is for counts that became smaller.
func (s *sketch[K]) rebuild() {
	s.queue.reset()
	for i := s.pinned; i < len(s.entries); i++ {
		s.queue.push(int32(i), s.entries[i].count)
	}
}
