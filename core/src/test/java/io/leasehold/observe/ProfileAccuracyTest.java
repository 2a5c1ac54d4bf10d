package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Five places that hold 64 MiB or more are estimated within 10 %, at the default mean and the pace of a fast program.
@Timeout(300)
final class ProfileAccuracyTest {

    private static final String NAME = "accurate";
    private static final int MIB = 1 << 20;
    private static final int CHUNK = 256 << 10;

    private final long sampleBytes = Profile.sampleBytes();
    private final List<ByteBuf> live = new ArrayList<>();
    private final LeasedByteBufAllocator allocator =
            LeasedByteBufAllocator.builder().name(NAME).byteLimit(1L << 30).build();

    @AfterEach
    void close() {
        live.forEach(ByteBuf::release);
        allocator.close();
        Profile.sampleBytes(sampleBytes);
    }

    /// A place that holds memory.
    ///
    /// @param method name of its method
    /// @param tag tag of its thread, or null
    /// @param megabytes what it holds, in MiB
    /// @param sizes sizes of its blocks
    private record Place(String method, @Nullable String tag, int megabytes, List<Integer> sizes) {}

    /// Two places share a tag, and two have none. Each size belongs to one place of its tag.
    private static final List<Place> PLACES = List.of(
            new Place("sessions", "web", 64, List.of(256, 1024)),
            new Place("requests", "web", 96, List.of(4096, 16_384)),
            new Place("rows", "rows", 128, List.of(512, 8192, 65_536)),
            new Place("frames", null, 64, List.of(2048, 32_768)),
            new Place("pages", null, 80, List.of(65_536)));

    private void sessions(int byteSize) {
        live.add(allocator.directBuffer(byteSize, byteSize));
    }

    private void requests(int byteSize) {
        live.add(allocator.directBuffer(byteSize, byteSize));
    }

    private void rows(int byteSize) {
        live.add(allocator.directBuffer(byteSize, byteSize));
    }

    private void frames(int byteSize) {
        live.add(allocator.directBuffer(byteSize, byteSize));
    }

    private void pages(int byteSize) {
        live.add(allocator.directBuffer(byteSize, byteSize));
    }

    /// Allocates blocks of a size, 256 KiB together.
    private void allocate(Place place, int byteSize) {
        try (Holder _ = place.tag == null ? null : Holder.tag(place.tag)) {
            for (int i = 0; i < CHUNK / byteSize; i++) {
                switch (place.method) {
                    case "sessions" -> sessions(byteSize);
                    case "requests" -> requests(byteSize);
                    case "rows" -> rows(byteSize);
                    case "frames" -> frames(byteSize);
                    default -> pages(byteSize);
                }
            }
        }
    }

    /// Has all places allocate their memory in an order of the seed, with a random size for each chunk.
    private void allocateAll(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Place> chunks = new ArrayList<>();
        PLACES.forEach(place -> chunks.addAll(Collections.nCopies(place.megabytes * (MIB / CHUNK), place)));
        for (int i = chunks.size() - 1; i > 0; i--) {
            Collections.swap(chunks, i, random.nextInt(i + 1));
        }
        for (Place place : chunks) {
            Profile.sampleBytes(512 << 10); // the default, and the pace begins anew: it depends on the time
            allocate(place, place.sizes.get(random.nextInt(place.sizes.size())));
        }
    }

    @Test
    void fivePlacesAreWithinTenPercentAndTagsAreExact() {
        for (long seed = 1; seed <= 3; seed++) {
            allocateAll(seed);
            List<SampledHolder> holders = Profile.of(NAME).holders();
            for (Place place : PLACES) {
                double bytes = bytes(holders, place.method);
                System.out.printf(
                        "ProfileAccuracyTest: seed %d, %s: %d MiB, error %.4f, samples %d%n",
                        seed,
                        place.method,
                        place.megabytes,
                        bytes / ((long) place.megabytes * MIB) - 1,
                        at(holders, place.method).stream()
                                .mapToInt(SampledHolder::samples)
                                .sum());
                assertThat(bytes / ((long) place.megabytes * MIB))
                        .as("seed %d, %s", seed, place)
                        .isEqualTo(1, within(0.1));
            }
            assertThat(tags(holders)).isEqualTo(allocator.holders());
            assertThat(allocator.holders())
                    .containsExactlyInAnyOrderEntriesOf(
                            Map.of("web", 160L * MIB, "rows", 128L * MIB, NAME, 144L * MIB));
            live.forEach(ByteBuf::release);
            live.clear();
        }
    }

    private static List<SampledHolder> at(List<SampledHolder> holders, String method) {
        String place = ProfileAccuracyTest.class.getName() + "." + method + "(";
        return holders.stream()
                .filter(holder -> holder.stack().getFirst().startsWith(place))
                .toList();
    }

    private static double bytes(List<SampledHolder> holders, String method) {
        return at(holders, method).stream().mapToLong(SampledHolder::bytes).sum();
    }

    /// {@return the bytes by tag, also of blocks without a sample}
    private static Map<String, Long> tags(List<SampledHolder> holders) {
        return holders.stream()
                .collect(Collectors.groupingBy(
                        SampledHolder::tag, TreeMap::new, Collectors.summingLong(SampledHolder::bytes)));
    }
}
