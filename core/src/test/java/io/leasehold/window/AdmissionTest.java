package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The share of time that [Admission] spends on mappings, for any sequence of reads.
class AdmissionTest {

    /// The measured time of a mapping, from which its cost follows.
    private static final long MAP_NANOS = 10_000;

    private static final long CHARGED_NANOS = 2 * MAP_NANOS;

    private static final long READ_NANOS = 1_000;
    private static final long FIRST_PURSE_NANOS = 2_000_000;

    @Test
    void hostileReadsPayThreePerCent() {
        Admission admission = new Admission();
        long reads = 1_000_000;
        long admitted = 0;
        for (long read = 0; read < reads; read++) {
            if (read % Admission.SAMPLING == 0) {
                admission.recordRead(READ_NANOS);
            }
            if (admission.trySpend()) {
                admission.recordMapping(MAP_NANOS);
                admitted++;
            }
        }
        long spent = admitted * CHARGED_NANOS;
        assertThat(spent).isLessThanOrEqualTo(reads * READ_NANOS / 33 + FIRST_PURSE_NANOS + CHARGED_NANOS);
        assertThat(spent).as("it is spent, too").isGreaterThan(reads * READ_NANOS / 40);
    }

    @Test
    void creditsOfAnIdleCacheDoNotGrow() {
        Admission admission = new Admission();
        for (int read = 0; read < 1_000_000; read++) {
            admission.recordRead(1_000_000);
        }
        int admitted = 0;
        while (admission.trySpend()) {
            admission.recordMapping(MAP_NANOS);
            admitted++;
        }
        assertThat(admitted * CHARGED_NANOS).isLessThanOrEqualTo(FIRST_PURSE_NANOS);
        assertThat(admitted).isPositive();
    }

    @Test
    void dearMappingsAreFewer() {
        Admission cheap = new Admission();
        Admission dear = new Admission();
        assertThat(burst(dear, 10 * MAP_NANOS)).isLessThan(burst(cheap, MAP_NANOS));
    }

    private static int burst(Admission admission, long mapNanos) {
        int admitted = 0;
        while (admission.trySpend()) {
            admission.recordMapping(mapNanos);
            admitted++;
        }
        return admitted;
    }
}
