//go:build !unix

package main

import "math"

// maxDescriptors is not limited here.
func maxDescriptors() int { return math.MaxInt32 }
