//go:build !amd64

package parser

func newKernels() kernels { return wordKernels() }
