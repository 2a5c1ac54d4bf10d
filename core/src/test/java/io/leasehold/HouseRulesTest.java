package io.leasehold;

import static com.tngtech.archunit.lang.SimpleConditionEvent.violated;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The rules of the architecture and of the sources.
final class HouseRulesTest {

    /// The layers from the bottom up. Layers without a class yet are planned. A package in no layer is a mistake.
    private static final Layer[] LAYERS = {
        new Layer("text that is the same in every locale", List.of("text")),
        new Layer("errors that users can catch | events of the flight recorder", List.of("error", "event")),
        new Layer("system calls: mmap, madvise, memfd, mlock, sockets", List.of("os")),
        new Layer("address ranges, alignment, ordered words", List.of("memory")),
        new Layer("limits for bytes", List.of("budget")),
        new Layer("names and samples of holders", List.of("holder")),
        new Layer("page frames, wiring, runs, decommit (vm_page)", List.of("page")),
        new Layer("temporary mappings of pages (sf_buf)", List.of("lease")),
        new Layer("small blocks | NIC buffers | file windows", List.of("slab", "jumbo", "window")),
        new Layer("memory in numbers: counters, beans, meters", List.of("observe")),
        new Layer("leases as buffers of other libraries", List.of("netty", "agrona", "datagram", "jetty", "undertow")),
        new Layer("puts the allocator under servers without an option", List.of("agent")),
    };

    private static final String ROOT_PACKAGE = "io.leasehold";
    private static final Path SOURCES = ProjectFiles.core("src/main/java");
    private static final Path TESTS = ProjectFiles.core("src/test");
    private static final Path BENCHMARKS = ProjectFiles.project("benchmarks/src");
    private static final Path ROOT = SOURCES.resolve("io/leasehold");

    private static final int MAX_PUBLIC_TYPES = 16;

    /// The formatter sees to code; this is for comments, which it leaves alone.
    private static final int MAX_COLUMNS = 120;

    /// A file with more code has more than one concept as a rule. Annotations count as code.
    private static final int MAX_CODE_LINES = 280;

    /// A buffer has a method for each type of value in each byte order, because Netty's `ByteBuf` does.
    private static final int MAX_BUFFER_CODE_LINES = 370;

    /// These use the default locale if none is passed.
    private static final Set<String> LOCALE_READERS = Set.of(
            "java.lang.String.format",
            "java.lang.String.formatted",
            "java.lang.String.toLowerCase",
            "java.lang.String.toUpperCase",
            "java.io.PrintStream.format",
            "java.io.PrintStream.printf",
            "java.io.PrintWriter.format",
            "java.io.PrintWriter.printf",
            "java.util.Formatter.<init>");

    private static final Pattern NO_CODE = Pattern.compile("\\s*(//.*|(import|package) .*)?");

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(ProjectFiles.core("target/classes"));

    private record Layer(String task, List<String> packages) {}

    @Test
    void layersAreAsDocumented() throws IOException {
        List<String> diagram = diagram();
        diagram.forEach(System.out::println);
        assertThat(Files.readAllLines(ROOT.resolve("package-info.java")))
                .containsSequence(diagram.stream().map(line -> "/// " + line).toList());
        assertThat(Files.readAllLines(ProjectFiles.project("README.md"))).containsSequence(diagram);
    }

    @Test
    void packagesImportOnlyLayersBelow() {
        classes()
                .should(condition("import only layers below their own", HouseRulesTest::checkLayer))
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.leasehold.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void nativeCallsAreMadeInOsAlone() {
        Set<String> linkers = Set.of("java.lang.foreign.Linker", "java.lang.foreign.SymbolLookup");
        Set<String> loaders = Set.of("java.lang.System", "java.lang.Runtime");
        noClasses()
                .that()
                .resideOutsideOfPackage("io.leasehold.os..")
                .should()
                .dependOnClassesThat(describe("link native code", type -> linkers.contains(topLevel(type))))
                .orShould()
                .accessTargetWhere(access(
                        "reinterpret memory",
                        (owner, name) -> owner.equals("java.lang.foreign.MemorySegment") && name.equals("reinterpret")))
                .orShould()
                .accessTargetWhere(access(
                        "load a library", (owner, name) -> loaders.contains(owner) && name.matches("load(Library)?")))
                .check(CLASSES);
    }

    /// A message in the digits of the default locale cannot be searched for.
    @Test
    void noTextDependsOnTheDefaultLocale() {
        noClasses()
                .should()
                .accessTargetWhere(
                        DescribedPredicate.describe("use the default locale", HouseRulesTest::usesDefaultLocale))
                .check(CLASSES);
    }

    @Test
    void noClassUsesUnsafe() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveSimpleName("Unsafe")
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("jdk.internal..")
                .check(CLASSES);
    }

    /// Striped64 allocates when threads meet, so a count would fail on a full Java heap, in the middle of a release.
    @Test
    void noCounterAllocatesWhenItChanges() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.concurrent.atomic.LongAdder")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.concurrent.atomic.LongAccumulator")
                .check(CLASSES);
    }

    @Test
    void onlyNettyPackagesUseNetty() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.leasehold.netty..", "io.leasehold.agent..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }

    @Test
    void onlyAgronaPackageUsesAgrona() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.leasehold.agrona..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.agrona..")
                .check(CLASSES);
    }

    @Test
    void onlyTheirPackagesUseJettyAndUndertow() {
        for (String[] of : new String[][] {
            {"io.leasehold.jetty..", "org.eclipse.jetty.."}, {"io.leasehold.undertow..", "io.undertow.."}
        }) {
            noClasses()
                    .that()
                    .resideOutsideOfPackage(of[0])
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(of[1])
                    .check(CLASSES);
        }
    }

    @Test
    void propertiesAreReadInOptionsAlone() {
        Set<String> readers = Set.of(
                "java.lang.System.getProperty",
                "java.lang.System.getProperties",
                "java.lang.Boolean.getBoolean",
                "java.lang.Integer.getInteger",
                "java.lang.Long.getLong");
        noClasses()
                .that(describe("are no options", type -> !topLevel(type).endsWith("Options")))
                .should()
                .accessTargetWhere(access("read a property", (owner, name) -> readers.contains(owner + "." + name)))
                .check(CLASSES);
    }

    @Test
    void namesSayWhatThingsAre() {
        noClasses()
                .should()
                .haveNameMatching(".*[.$](\\w*(Utils?|Helper|Manager|Impl)|(Abstract|Base)([A-Z]\\w*)?)")
                .orShould()
                .resideInAnyPackage("..util..", "..internal..", "..impl..", "..common..")
                .check(CLASSES);
    }

    @Test
    void classesAreNotForExtension() {
        classes()
                .should(condition("be final or sealed, or an exception", HouseRulesTest::checkClosed))
                .check(CLASSES);
    }

    @Test
    void everyPackageSaysWhatItIsFor() throws IOException {
        for (Path folder :
                sources(SOURCES).stream().map(Path::getParent).distinct().toList()) {
            assertThat(folder.resolve("package-info.java")).content().contains("/// ", "@NullMarked");
        }
    }

    @Test
    void everyPublicThingIsExplained() throws IOException {
        List<String> bare = new ArrayList<>();
        for (Path file : sources(SOURCES)) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).matches("( {4})?(public|protected) .*") && !isExplained(lines, i)) {
                    bare.add(file + ":" + (i + 1));
                }
            }
        }
        assertThat(bare).as("public without a comment").isEmpty();
    }

    /// {@return whether a comment stands above `line` and its annotations, or may be missing as it overrides}
    private static boolean isExplained(List<String> lines, int line) {
        int above = line - 1;
        while (lines.get(above).strip().startsWith("@")) {
            if (lines.get(above).strip().equals("@Override")) {
                return true;
            }
            above--;
        }
        return lines.get(above).strip().startsWith("///");
    }

    @Test
    void rootPackageIsEmpty() throws IOException {
        try (Stream<Path> files = Files.list(ROOT)) {
            assertThat(files.filter(Files::isRegularFile)).containsExactly(ROOT.resolve("package-info.java"));
        }
    }

    /// Words that hide the subject of a sentence, and private words for which the glossary has a term.
    private static final Pattern BANNED = Pattern.compile(
            "\\b(who|whoever|whom|somebody|nobody|he|him|his|landlord|tenants?|purse|poison(ed|s)?|dormant)\\b"
                    + "|all the same|of some moment|(come|came|comes|coming|go|goes|went|at|way) home\\b",
            Pattern.CASE_INSENSITIVE);

    @Test
    void commentsAndMessagesHaveNoBannedWords() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : Stream.of(SOURCES, TESTS, BENCHMARKS)
                .flatMap(HouseRulesTest::walk)
                .filter(file -> !file.endsWith("HouseRulesTest.java"))
                .toList()) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                Matcher words = BANNED.matcher(prose(lines.get(i)));
                if (words.find()) {
                    found.add(file + ":" + (i + 1) + ": " + words.group());
                }
            }
        }
        assertThat(found).as("banned words, see .github/CONTRIBUTING.md").isEmpty();
    }

    /// {@return the comment and the string literals of a line}
    private static String prose(String line) {
        StringBuilder prose = new StringBuilder();
        Matcher parts = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|//.*").matcher(line);
        while (parts.find()) {
            prose.append(parts.group()).append(' ');
        }
        return prose.toString();
    }

    private static Stream<Path> walk(Path folder) {
        try {
            return sources(folder).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Public for the package `netty`, which opens it with its heaps. A user of the module cannot name a heap.
    private static final Set<String> FOR_NETTY = Set.of("io.leasehold.observe.Observation");

    /// The compiler's own check does not work here, since the module descriptor is compiled apart from the sources.
    @Test
    void exportedSignaturesNameExportedTypesOnly() throws IOException {
        Set<String> exported = exported();
        List<String> hidden = new ArrayList<>();
        for (JavaClass type : CLASSES) {
            if (!exported.contains(type.getPackageName()) || !isPublic(type) || FOR_NETTY.contains(type.getName())) {
                continue;
            }
            Stream<JavaClass> named = Stream.concat(
                    type.getMethods().stream().filter(HouseRulesTest::isVisible).flatMap(HouseRulesTest::typesOf),
                    type.getConstructors().stream()
                            .filter(HouseRulesTest::isVisible)
                            .flatMap(HouseRulesTest::typesOf));
            named.map(JavaClass::getBaseComponentType)
                    .filter(HouseRulesTest::isOurs)
                    .filter(used -> !exported.contains(used.getPackageName()) || !isPublic(used))
                    .forEach(used -> hidden.add(type.getName() + " names " + used.getName()));
            for (String thrown : documentedExceptions(type)) {
                if (exported.stream().noneMatch(name -> thrown.startsWith(name + "."))) {
                    hidden.add(type.getName() + " throws " + thrown);
                }
            }
        }
        assertThat(hidden).as("types that a user of the module cannot name").isEmpty();
    }

    private static Stream<JavaClass> typesOf(JavaCodeUnit unit) {
        return Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType()));
    }

    private static boolean isVisible(JavaCodeUnit unit) {
        return unit.getModifiers().contains(JavaModifier.PUBLIC)
                || unit.getModifiers().contains(JavaModifier.PROTECTED);
    }

    /// {@return true if a type and the types around it are public}
    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(HouseRulesTest::isPublic).orElse(true);
    }

    /// {@return the exceptions of ours in `@throws` of public members, by full name}
    private static List<String> documentedExceptions(JavaClass type) throws IOException {
        Path file = source(type);
        if (type.getEnclosingClass().isPresent() || !Files.exists(file)) {
            return List.of();
        }
        String source = Files.readString(file);
        return Pattern.compile("(?m)^ {4}/// @throws ([\\w.]+)(?s:.*?)^ {4}(public|protected|private|static|final|\\w)")
                .matcher(source)
                .results()
                .filter(match -> match.group(2).equals("public"))
                .map(match -> fullName(match.group(1), source, type.getPackageName()))
                .filter(name -> name.startsWith(ROOT_PACKAGE + "."))
                .toList();
    }

    private static String fullName(String name, String source, String ownPackage) {
        if (name.contains(".")) {
            return name;
        }
        Matcher imported = Pattern.compile("import ([\\w.]+\\." + name + ");").matcher(source);
        if (imported.find()) {
            return imported.group(1);
        }
        boolean isOwn =
                Files.exists(SOURCES.resolve(ownPackage.replace('.', '/')).resolve(name + ".java"));
        return isOwn ? ownPackage + "." + name : name;
    }

    /// {@return the names of the packages that the module exports}
    private static Set<String> exported() throws IOException {
        String module = Files.readString(ProjectFiles.core("src/main/module/module-info.java"));
        return Pattern.compile("exports ([\\w.]+);")
                .matcher(module)
                .results()
                .map(match -> match.group(1))
                .collect(toSet());
    }

    @Test
    void exportedPackagesAreSmall() throws IOException {
        for (String name : exported()) {
            Path folder = SOURCES.resolve(name.replace('.', '/'));
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files.filter(HouseRulesTest::isPublicType).count())
                        .as("public types in %s", folder)
                        .isLessThanOrEqualTo(MAX_PUBLIC_TYPES);
            }
        }
    }

    private static boolean isPublicType(Path file) {
        try {
            return Files.isRegularFile(file)
                    && Files.readAllLines(file).stream().anyMatch(line -> line.matches("public (?!package).*\\{"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void filesAreShort() throws IOException {
        Set<Path> buffers = CLASSES.stream()
                .filter(type -> type.isAssignableTo("io.netty.buffer.ByteBuf"))
                .map(HouseRulesTest::source)
                .collect(toSet());
        assertThat(buffers).isNotEmpty();
        List<String> tooLong = new ArrayList<>();
        for (Path file : sources(SOURCES)) {
            int max = buffers.contains(file) ? MAX_BUFFER_CODE_LINES : MAX_CODE_LINES;
            long count = Files.readAllLines(file).stream()
                    .filter(line -> !NO_CODE.matcher(line).matches())
                    .count();
            if (count > max) {
                tooLong.add(file + ": " + count + " lines, max=" + max);
            }
        }
        assertThat(tooLong).as("files with too many lines of code").isEmpty();
    }

    @Test
    void linesAreShort() throws IOException {
        List<String> wide = new ArrayList<>();
        for (Path file : Stream.concat(sources(SOURCES).stream(), sources(TESTS).stream())
                .toList()) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).length() > MAX_COLUMNS) {
                    wide.add(file + ":" + (i + 1));
                }
            }
        }
        assertThat(wide).as("lines of more than %d columns", MAX_COLUMNS).isEmpty();
    }

    private static List<String> diagram() {
        List<String> lines = new ArrayList<>();
        for (int i = LAYERS.length - 1; i >= 0; i--) {
            String packages = LAYERS[i].packages.stream().map("%-9s"::formatted).collect(joining());
            lines.add("L%-4d%-46s%s".formatted(i, packages.strip(), LAYERS[i].task));
        }
        return lines;
    }

    private static void checkLayer(JavaClass type, List<String> wrong) {
        if (type.getPackageName().equals(ROOT_PACKAGE)) {
            return;
        }
        int layer = layer(type);
        if (layer < 0) {
            wrong.add(type.getName() + " is in no layer");
        }
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            JavaClass target = dependency.getTargetClass().getBaseComponentType();
            if (isOurs(target) && !packageUnderRoot(target).equals(packageUnderRoot(type)) && layer(target) >= layer) {
                wrong.add(dependency.getDescription());
            }
        }
    }

    private static void checkClosed(JavaClass type, List<String> wrong) {
        boolean exempt = type.isInterface() || type.isEnum() || type.isRecord() || type.isAnonymousClass();
        boolean closed = type.getModifiers().contains(JavaModifier.FINAL) || isSealed(type);
        boolean exception =
                type.isAssignableTo(Throwable.class) && !type.getModifiers().contains(JavaModifier.ABSTRACT);
        if (!exempt && !closed && !exception) {
            wrong.add(type.getName() + " is open for extension");
        }
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().startsWith(ROOT_PACKAGE + ".");
    }

    private static int layer(JavaClass type) {
        for (int i = 0; i < LAYERS.length; i++) {
            if (LAYERS[i].packages.contains(packageUnderRoot(type))) {
                return i;
            }
        }
        return -1;
    }

    /// {@return the package directly under the root package; its subpackages are in the same layer}
    private static String packageUnderRoot(JavaClass type) {
        String[] names = type.getPackageName().split("\\.", -1);
        return names.length > 2 ? names[2] : "";
    }

    private static Path source(JavaClass type) {
        return SOURCES.resolve(topLevel(type).replace('.', '/') + ".java");
    }

    private static String topLevel(JavaClass type) {
        return type.getName().replaceFirst("\\$.*", "");
    }

    private static boolean isSealed(JavaClass type) {
        try {
            return Class.forName(type.getName(), false, HouseRulesTest.class.getClassLoader())
                    .isSealed();
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static DescribedPredicate<JavaClass> describe(String what, Predicate<JavaClass> test) {
        return DescribedPredicate.describe(what, test);
    }

    private static boolean usesDefaultLocale(JavaAccess<?> access) {
        if (!(access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget target)) {
            return false;
        }
        List<JavaClass> parameters = target.getRawParameterTypes();
        boolean hasLocale = parameters.stream().anyMatch(type -> type.isEquivalentTo(Locale.class));
        return !hasLocale && LOCALE_READERS.contains(target.getOwner().getName() + "." + target.getName());
    }

    private static DescribedPredicate<JavaAccess<?>> access(String what, BiPredicate<String, String> ownerAndName) {
        return DescribedPredicate.describe(
                what,
                access -> ownerAndName.test(
                        access.getTargetOwner().getName(), access.getTarget().getName()));
    }

    private static ArchCondition<JavaClass> condition(String what, BiConsumer<JavaClass, List<String>> check) {
        return new ArchCondition<>(what) {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                List<String> wrong = new ArrayList<>();
                check.accept(type, wrong);
                wrong.forEach(text -> events.add(violated(type, text)));
            }
        };
    }
}
