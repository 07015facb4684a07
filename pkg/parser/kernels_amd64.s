#include "textflag.h"

// The kernels in AVX2: see kernels.go for what they do, wordKernels for the same in Go, and kernels_amd64.go for who checks what they may touch.
// Source, for addresses: Wojciech Muła, "SIMD-ized faster parse of IPv4 addresses", 2023, http://0x80.pl/notesen/2023-04-09-faster-parse-ipv4.html.

// The constants: those for text 32 bytes each, those for values 16.
DATA spaces<>+0(SB)/8, $0x2020202020202020
DATA spaces<>+8(SB)/8, $0x2020202020202020
DATA spaces<>+16(SB)/8, $0x2020202020202020
DATA spaces<>+24(SB)/8, $0x2020202020202020
GLOBL spaces<>(SB), RODATA|NOPTR, $32

DATA newlines<>+0(SB)/8, $0x0a0a0a0a0a0a0a0a
DATA newlines<>+8(SB)/8, $0x0a0a0a0a0a0a0a0a
DATA newlines<>+16(SB)/8, $0x0a0a0a0a0a0a0a0a
DATA newlines<>+24(SB)/8, $0x0a0a0a0a0a0a0a0a
GLOBL newlines<>(SB), RODATA|NOPTR, $32

DATA zeros<>+0(SB)/8, $0x3030303030303030
DATA zeros<>+8(SB)/8, $0x3030303030303030
GLOBL zeros<>(SB), RODATA|NOPTR, $16

DATA nines<>+0(SB)/8, $0x0909090909090909
DATA nines<>+8(SB)/8, $0x0909090909090909
GLOBL nines<>(SB), RODATA|NOPTR, $16

DATA dots<>+0(SB)/8, $0x2e2e2e2e2e2e2e2e
DATA dots<>+8(SB)/8, $0x2e2e2e2e2e2e2e2e
GLOBL dots<>(SB), RODATA|NOPTR, $16

// keep+n leaves the last n of 16 bytes.
DATA keep<>+0(SB)/8, $0
DATA keep<>+8(SB)/8, $0
DATA keep<>+16(SB)/8, $0xffffffffffffffff
DATA keep<>+24(SB)/8, $0xffffffffffffffff
GLOBL keep<>(SB), RODATA|NOPTR, $32

// Neighbours become a number of two digits, two of these one of four, two of these one of eight.
DATA tens<>+0(SB)/8, $0x010a010a010a010a
DATA tens<>+8(SB)/8, $0x010a010a010a010a
GLOBL tens<>(SB), RODATA|NOPTR, $16

DATA hundreds<>+0(SB)/8, $0x0001006400010064
DATA hundreds<>+8(SB)/8, $0x0001006400010064
GLOBL hundreds<>(SB), RODATA|NOPTR, $16

DATA tenThousands<>+0(SB)/8, $0x0001271000012710
DATA tenThousands<>+8(SB)/8, $0x0001271000012710
GLOBL tenThousands<>(SB), RODATA|NOPTR, $16

// The digits of an octet are in four bytes: hundreds, tens, ones, nothing.
DATA octet<>+0(SB)/8, $0x00010a6400010a64
DATA octet<>+8(SB)/8, $0x00010a6400010a64
GLOBL octet<>(SB), RODATA|NOPTR, $16

DATA pairs<>+0(SB)/8, $0x0001000100010001
DATA pairs<>+8(SB)/8, $0x0001000100010001
GLOBL pairs<>(SB), RODATA|NOPTR, $16

// The first octet is the highest byte of a word.
DATA bigEndian<>+0(SB)/8, $0x808080800004080c
DATA bigEndian<>+8(SB)/8, $0x8080808080808080
GLOBL bigEndian<>(SB), RODATA|NOPTR, $16

// func indexAVX2(text *byte, blocks int, base uint32, at *uint32) (n, lines int, odd bool)
TEXT ·indexAVX2(SB), NOSPLIT, $0-49
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVL base+16(FP), R8
	MOVQ at+24(FP), DI
	MOVQ DI, R13
	MOVQ $1, R9            // The byte before is a newline.
	XORQ R12, R12          // Lines.
	VMOVDQU spaces<>(SB), Y14
	VMOVDQU newlines<>(SB), Y15
	VPXOR Y13, Y13, Y13    // Bytes up to space that are no separators.

block:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPCMPEQB Y0, Y14, Y2
	VPCMPEQB Y1, Y14, Y3
	VPCMPEQB Y0, Y15, Y4
	VPCMPEQB Y1, Y15, Y5
	VPMINUB Y0, Y14, Y6
	VPMINUB Y1, Y14, Y7
	VPCMPEQB Y0, Y6, Y6
	VPCMPEQB Y1, Y7, Y7
	VPOR Y2, Y4, Y2
	VPOR Y3, Y5, Y3
	VPXOR Y2, Y6, Y6
	VPXOR Y3, Y7, Y7
	VPOR Y6, Y13, Y13
	VPOR Y7, Y13, Y13
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y3, BX
	SHLQ $32, BX
	ORQ BX, AX             // Separators.
	VPMOVMSKB Y4, DX
	VPMOVMSKB Y5, BX
	SHLQ $32, BX
	ORQ BX, DX             // Newlines.
	POPCNTQ DX, DX
	ADDQ DX, R12
	LEAQ (R9)(AX*2), BX
	ANDQ AX, BX
	JNZ double             // Before there are more of them than there is room for.
	MOVQ AX, R9
	SHRQ $63, R9
	POPCNTQ AX, DX
	LEAQ (DI)(DX*4), R11   // Where the next ones go.

	// Twelve are most of what 64 bytes have; what is written too much is written over.
#define ONE(i) TZCNTQ AX, BX; ADDL R8, BX; MOVL BX, (i*4)(DI); BLSRQ AX, AX
	ONE(0)
	ONE(1)
	ONE(2)
	ONE(3)
	ONE(4)
	ONE(5)
	ONE(6)
	ONE(7)
	ONE(8)
	ONE(9)
	ONE(10)
	ONE(11)
	TESTQ AX, AX
	JNZ many

next:
	MOVQ R11, DI
	ADDQ $64, SI
	ADDL $64, R8
	DECQ CX
	JNZ block

	SUBQ R13, DI
	SHRQ $2, DI
	MOVQ DI, n+32(FP)
	MOVQ R12, lines+40(FP)
	VPTEST Y13, Y13
	SETNE odd+48(FP)
	VZEROUPPER
	RET

double:
	MOVQ $0, n+32(FP)
	MOVQ $0, lines+40(FP)
	MOVB $1, odd+48(FP)
	VZEROUPPER
	RET

many:
	ADDQ $48, DI

manyMore:
	ONE(0)
	ADDQ $4, DI
	TESTQ AX, AX
	JNZ manyMore
	JMP next

// func numbersAVX2(text *byte, at *uint32, stride, rows int, limit uint64, out *uint64) (bad uint64)
TEXT ·numbersAVX2(SB), NOSPLIT, $0-56
	MOVQ text+0(FP), SI
	MOVQ at+8(FP), BX
	MOVQ stride+16(FP), R8
	SHLQ $2, R8
	MOVQ rows+24(FP), CX
	MOVQ limit+32(FP), DX
	MOVQ out+40(FP), DI
	LEAQ keep<>(SB), R12
	XORQ R14, R14
	XORQ R15, R15
	VMOVDQU zeros<>(SB), X15
	VMOVDQU nines<>(SB), X14
	VMOVDQU tens<>(SB), X13
	VMOVDQU hundreds<>(SB), X12
	VMOVDQU tenThousands<>(SB), X11

number:
	MOVL (BX), R9
	MOVL 4(BX), R10
	MOVL R10, R11
	SUBL R9, R11           // One more than there are bytes.
	CMPL R11, $17
	JHI badNumber
	VMOVDQU -16(SI)(R10*1), X0
	VPSUBB X15, X0, X0
	VPAND -1(R12)(R11*1), X0, X0
	VPMINUB X14, X0, X1
	VPCMPEQB X0, X1, X1
	VPMOVMSKB X1, AX
	VPMADDUBSW X13, X0, X0
	VPMADDWD X12, X0, X0
	VPACKUSDW X0, X0, X0
	VPMADDWD X11, X0, X0
	VMOVQ X0, R9
	CMPL AX, $0xffff
	JNE badNumber
	MOVL R9, R10
	SHRQ $32, R9
	IMUL3Q $100000000, R10, R10
	ADDQ R10, R9
	CMPQ R9, DX
	JHI badNumber
	MOVQ R9, (DI)

nextNumber:
	ADDQ R8, BX
	ADDQ $8, DI
	INCQ R15
	CMPQ R15, CX
	JNE number
	MOVQ R14, bad+48(FP)
	RET

badNumber:
	BTSQ R15, R14
	JMP nextNumber

// func addressesAVX2(text *byte, at *uint32, stride, rows int, shapes *shapes, out *uint32) (bad uint64)
TEXT ·addressesAVX2(SB), NOSPLIT, $0-56
	MOVQ text+0(FP), SI
	MOVQ at+8(FP), BX
	MOVQ stride+16(FP), R8
	SHLQ $2, R8
	MOVQ rows+24(FP), CX
	MOVQ shapes+32(FP), DX
	MOVQ out+40(FP), DI
	XORQ R14, R14
	XORQ R15, R15
	VMOVDQU zeros<>(SB), X15
	VMOVDQU nines<>(SB), X14
	VMOVDQU dots<>(SB), X13
	VMOVDQU octet<>(SB), X12
	VMOVDQU pairs<>(SB), X11
	VMOVDQU bigEndian<>(SB), X10
	VPXOR X9, X9, X9

address:
	MOVL (BX), R9
	MOVL 4(BX), R10
	SUBL R9, R10
	DECL R10               // How many bytes there are.
	CMPL R10, $15
	JHI badAddress
	VMOVDQU 1(SI)(R9*1), X0
	VPCMPEQB X0, X13, X1
	VPMOVMSKB X1, AX
	BZHIL R10, AX, AX
	BTSL R10, AX           // Where the dots are, and the end.
	IMUL3L $0x5e83b7b2, AX, R11
	SHRL $24, R11
	SHLL $6, R11
	ADDQ DX, R11
	CMPL AX, 32(R11)
	JNE badAddress
	VPSUBB X15, X0, X0
	VPSHUFB (R11), X0, X0
	VPMINUB X14, X0, X2
	VPCMPEQB X0, X2, X2    // Digits.
	VPCMPEQB X0, X9, X3
	VPAND 16(R11), X3, X3  // Leading zeros.
	VPANDN X2, X3, X2
	VPMOVMSKB X2, AX
	VPMADDUBSW X12, X0, X0
	VPMADDWD X11, X0, X0
	VPSRLD $8, X0, X3
	VPSHUFB X10, X0, X0
	VMOVD X0, R10
	CMPL AX, $0xffff
	JNE badAddress
	VPTEST X3, X3
	JNE badAddress
	MOVL R10, (DI)

nextAddress:
	ADDQ R8, BX
	ADDQ $4, DI
	INCQ R15
	CMPQ R15, CX
	JNE address
	MOVQ R14, bad+48(FP)
	RET

badAddress:
	BTSQ R15, R14
	JMP nextAddress

// func cpuid(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

// func xgetbv() uint32
TEXT ·xgetbv(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET
