package io.leasehold.memory;

/// Checks the space for one or two layers of [StackReserve] by methods with many local variables.
///
/// The interpreter makes the frame of such a method, so it needs the space. Compiled code makes a short frame. But
/// compiled code may have to return to the interpreter, and then the long frame is needed. So HotSpot checks the space
/// for it when the compiled method is entered, by one write for each OS page (`generate_stack_overflow_check` and
/// `interpreter_frame_size` in its sources).
///
/// HotSpot does not check a frame that is shorter than an OS page. So this works with OS pages of 4 KiB only.
///
/// The compilers must not inline these methods: the space would be checked when the caller is entered, and that may be
/// in the middle of a change. They inline no method of more than 325 bytes of bytecode (`FreqInlineSize`). Each
/// assignment adds some bytes: the assigned variables make the methods longer than that.
///
/// **Threads.** Stateless.
final class LongFrames {

    private static final int[] ONE = {1};

    private LongFrames() {}

    /// Checks the stack.
    ///
    /// @param layers 1 or 2
    /// @return 1
    /// @throws StackOverflowError if the space is too small
    static int ensure(int layers) {
        return layers == 1 ? oneLayer(0) : twoLayers(0);
    }

    /// Has a frame of 8 KiB in the interpreter: 520 local variables of 16 bytes. The check of the index is the place
    /// where compiled code may have to return to the interpreter.
    @SuppressWarnings("unused")
    private static int oneLayer(int zero) {
        // spotless:off
        long a00 = 1, a01 = 1, a02 = 1, a03 = 1, a04 = 1, a05 = 1, a06 = 1, a07 = 1, a08 = 1, a09 = 1,
             a10 = 1, a11 = 1, a12 = 1, a13 = 1, a14 = 1, a15 = 1, a16 = 1, a17 = 1, a18 = 1, a19 = 1,
             a20 = 1, a21 = 1, a22 = 1, a23 = 1, a24 = 1, a25 = 1, a26 = 1, a27 = 1, a28 = 1, a29 = 1,
             b00 = 1, b01 = 1, b02 = 1, b03 = 1, b04 = 1, b05 = 1, b06 = 1, b07 = 1, b08 = 1, b09 = 1,
             b10 = 1, b11 = 1, b12 = 1, b13 = 1, b14 = 1, b15 = 1, b16 = 1, b17 = 1, b18 = 1, b19 = 1,
             b20 = 1, b21 = 1, b22 = 1, b23 = 1, b24 = 1, b25 = 1, b26 = 1, b27 = 1, b28 = 1, b29 = 1,
             c00 = 1, c01 = 1, c02 = 1, c03 = 1, c04 = 1, c05 = 1, c06 = 1, c07 = 1, c08 = 1, c09 = 1,
             c10 = 1, c11 = 1, c12 = 1, c13 = 1, c14 = 1, c15 = 1, c16 = 1, c17 = 1, c18 = 1, c19 = 1,
             c20 = 1, c21 = 1, c22 = 1, c23 = 1, c24 = 1, c25 = 1, c26 = 1, c27 = 1, c28 = 1, c29 = 1,
             d00 = 1, d01 = 1, d02 = 1, d03 = 1, d04 = 1, d05 = 1, d06 = 1, d07 = 1, d08 = 1, d09 = 1,
             d10 = 1, d11 = 1, d12 = 1, d13 = 1, d14 = 1, d15 = 1, d16 = 1, d17 = 1, d18 = 1, d19 = 1,
             d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, e00, e01, e02, e03, e04, e05, e06, e07, e08, e09,
             e10, e11, e12, e13, e14, e15, e16, e17, e18, e19, e20, e21, e22, e23, e24, e25, e26, e27, e28, e29,
             f00, f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
             f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, g00, g01, g02, g03, g04, g05, g06, g07, g08, g09,
             g10, g11, g12, g13, g14, g15, g16, g17, g18, g19, g20, g21, g22, g23, g24, g25, g26, g27, g28, g29,
             h00, h01, h02, h03, h04, h05, h06, h07, h08, h09, h10, h11, h12, h13, h14, h15, h16, h17, h18, h19,
             h20, h21, h22, h23, h24, h25, h26, h27, h28, h29, i00, i01, i02, i03, i04, i05, i06, i07, i08, i09,
             i10, i11, i12, i13, i14, i15, i16, i17, i18, i19, i20, i21, i22, i23, i24, i25, i26, i27, i28, i29,
             j00, j01, j02, j03, j04, j05, j06, j07, j08, j09, j10, j11, j12, j13, j14, j15, j16, j17, j18, j19,
             j20, j21, j22, j23, j24, j25, j26, j27, j28, j29, k00, k01, k02, k03, k04, k05, k06, k07, k08, k09,
             k10, k11, k12, k13, k14, k15, k16, k17, k18, k19, k20, k21, k22, k23, k24, k25, k26, k27, k28, k29,
             l00, l01, l02, l03, l04, l05, l06, l07, l08, l09, l10, l11, l12, l13, l14, l15, l16, l17, l18, l19,
             l20, l21, l22, l23, l24, l25, l26, l27, l28, l29, m00, m01, m02, m03, m04, m05, m06, m07, m08, m09,
             m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29,
             n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11, n12, n13, n14, n15, n16, n17, n18, n19,
             n20, n21, n22, n23, n24, n25, n26, n27, n28, n29, o00, o01, o02, o03, o04, o05, o06, o07, o08, o09,
             o10, o11, o12, o13, o14, o15, o16, o17, o18, o19, o20, o21, o22, o23, o24, o25, o26, o27, o28, o29,
             p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15, p16, p17, p18, p19,
             p20, p21, p22, p23, p24, p25, p26, p27, p28, p29, q00, q01, q02, q03, q04, q05, q06, q07, q08, q09,
             q10, q11, q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22, q23, q24, q25, q26, q27, q28, q29,
             r00, r01, r02, r03, r04, r05, r06, r07, r08, r09;
        // spotless:on
        return ONE[zero];
    }

    /// Has a frame of 12 KiB: 780 local variables.
    @SuppressWarnings("unused")
    private static int twoLayers(int zero) {
        // spotless:off
        long a00 = 1, a01 = 1, a02 = 1, a03 = 1, a04 = 1, a05 = 1, a06 = 1, a07 = 1, a08 = 1, a09 = 1,
             a10 = 1, a11 = 1, a12 = 1, a13 = 1, a14 = 1, a15 = 1, a16 = 1, a17 = 1, a18 = 1, a19 = 1,
             a20 = 1, a21 = 1, a22 = 1, a23 = 1, a24 = 1, a25 = 1, a26 = 1, a27 = 1, a28 = 1, a29 = 1,
             b00 = 1, b01 = 1, b02 = 1, b03 = 1, b04 = 1, b05 = 1, b06 = 1, b07 = 1, b08 = 1, b09 = 1,
             b10 = 1, b11 = 1, b12 = 1, b13 = 1, b14 = 1, b15 = 1, b16 = 1, b17 = 1, b18 = 1, b19 = 1,
             b20 = 1, b21 = 1, b22 = 1, b23 = 1, b24 = 1, b25 = 1, b26 = 1, b27 = 1, b28 = 1, b29 = 1,
             c00 = 1, c01 = 1, c02 = 1, c03 = 1, c04 = 1, c05 = 1, c06 = 1, c07 = 1, c08 = 1, c09 = 1,
             c10 = 1, c11 = 1, c12 = 1, c13 = 1, c14 = 1, c15 = 1, c16 = 1, c17 = 1, c18 = 1, c19 = 1,
             c20 = 1, c21 = 1, c22 = 1, c23 = 1, c24 = 1, c25 = 1, c26 = 1, c27 = 1, c28 = 1, c29 = 1,
             d00 = 1, d01 = 1, d02 = 1, d03 = 1, d04 = 1, d05 = 1, d06 = 1, d07 = 1, d08 = 1, d09 = 1,
             d10 = 1, d11 = 1, d12 = 1, d13 = 1, d14 = 1, d15 = 1, d16 = 1, d17 = 1, d18 = 1, d19 = 1,
             d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, e00, e01, e02, e03, e04, e05, e06, e07, e08, e09,
             e10, e11, e12, e13, e14, e15, e16, e17, e18, e19, e20, e21, e22, e23, e24, e25, e26, e27, e28, e29,
             f00, f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
             f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, g00, g01, g02, g03, g04, g05, g06, g07, g08, g09,
             g10, g11, g12, g13, g14, g15, g16, g17, g18, g19, g20, g21, g22, g23, g24, g25, g26, g27, g28, g29,
             h00, h01, h02, h03, h04, h05, h06, h07, h08, h09, h10, h11, h12, h13, h14, h15, h16, h17, h18, h19,
             h20, h21, h22, h23, h24, h25, h26, h27, h28, h29, i00, i01, i02, i03, i04, i05, i06, i07, i08, i09,
             i10, i11, i12, i13, i14, i15, i16, i17, i18, i19, i20, i21, i22, i23, i24, i25, i26, i27, i28, i29,
             j00, j01, j02, j03, j04, j05, j06, j07, j08, j09, j10, j11, j12, j13, j14, j15, j16, j17, j18, j19,
             j20, j21, j22, j23, j24, j25, j26, j27, j28, j29, k00, k01, k02, k03, k04, k05, k06, k07, k08, k09,
             k10, k11, k12, k13, k14, k15, k16, k17, k18, k19, k20, k21, k22, k23, k24, k25, k26, k27, k28, k29,
             l00, l01, l02, l03, l04, l05, l06, l07, l08, l09, l10, l11, l12, l13, l14, l15, l16, l17, l18, l19,
             l20, l21, l22, l23, l24, l25, l26, l27, l28, l29, m00, m01, m02, m03, m04, m05, m06, m07, m08, m09,
             m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29,
             n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11, n12, n13, n14, n15, n16, n17, n18, n19,
             n20, n21, n22, n23, n24, n25, n26, n27, n28, n29, o00, o01, o02, o03, o04, o05, o06, o07, o08, o09,
             o10, o11, o12, o13, o14, o15, o16, o17, o18, o19, o20, o21, o22, o23, o24, o25, o26, o27, o28, o29,
             p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15, p16, p17, p18, p19,
             p20, p21, p22, p23, p24, p25, p26, p27, p28, p29, q00, q01, q02, q03, q04, q05, q06, q07, q08, q09,
             q10, q11, q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22, q23, q24, q25, q26, q27, q28, q29,
             r00, r01, r02, r03, r04, r05, r06, r07, r08, r09, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19,
             r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, s00, s01, s02, s03, s04, s05, s06, s07, s08, s09,
             s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29,
             t00, t01, t02, t03, t04, t05, t06, t07, t08, t09, t10, t11, t12, t13, t14, t15, t16, t17, t18, t19,
             t20, t21, t22, t23, t24, t25, t26, t27, t28, t29, u00, u01, u02, u03, u04, u05, u06, u07, u08, u09,
             u10, u11, u12, u13, u14, u15, u16, u17, u18, u19, u20, u21, u22, u23, u24, u25, u26, u27, u28, u29,
             v00, v01, v02, v03, v04, v05, v06, v07, v08, v09, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19,
             v20, v21, v22, v23, v24, v25, v26, v27, v28, v29, w00, w01, w02, w03, w04, w05, w06, w07, w08, w09,
             w10, w11, w12, w13, w14, w15, w16, w17, w18, w19, w20, w21, w22, w23, w24, w25, w26, w27, w28, w29,
             x00, x01, x02, x03, x04, x05, x06, x07, x08, x09, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19,
             x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, y00, y01, y02, y03, y04, y05, y06, y07, y08, y09,
             y10, y11, y12, y13, y14, y15, y16, y17, y18, y19, y20, y21, y22, y23, y24, y25, y26, y27, y28, y29,
             z00, z01, z02, z03, z04, z05, z06, z07, z08, z09, z10, z11, z12, z13, z14, z15, z16, z17, z18, z19,
             z20, z21, z22, z23, z24, z25, z26, z27, z28, z29;
        // spotless:on
        return ONE[zero];
    }
}
