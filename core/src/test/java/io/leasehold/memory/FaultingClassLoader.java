package io.leasehold.memory;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Loads the library anew, with a call of [JavaFaults] before each allocation, before what the JVM resolves
/// at its first use, at the start and at the end of each method.
///
/// Test classes are loaded anew as well, as they are: the program that the faults are for, and what it uses.
public final class FaultingClassLoader extends ClassLoader {

    private static final String LIBRARY = "io.leasehold.";
    private static final String JMX = "io.leasehold.jmx";
    private static final ClassDesc FAULTS = ClassDesc.of(JavaFaults.class.getName());
    private static final MethodTypeDesc FRAMES = MethodTypeDesc.ofDescriptor("(I)V");
    private static final MethodTypeDesc NOTHING = MethodTypeDesc.ofDescriptor("()V");
    private static final MethodTypeDesc TEXT = MethodTypeDesc.ofDescriptor("(Ljava/lang/String;)V");

    /// Number of local variables for which a frame of the stack counts once more.
    private static final int LOCALS_OF_A_FRAME = 16;

    private final List<String> packages; // (C)
    private final ClassFile files; // (C)
    private boolean hasFirstCalls; // (O) the first call of a method handle by a class gets a fault

    /// Makes a loader.
    ///
    /// @param packages of the library, such as `slab`, whose classes get faults
    public FaultingClassLoader(String... packages) {
        super(FaultingClassLoader.class.getClassLoader());
        JavaFaults.forgetResolutions();
        this.packages = List.of(packages);
        this.files = ClassFile.of(ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(getParent())
                .orElse(ClassHierarchyResolver.defaultResolver())));
        readOptionsWithoutBeans();
    }

    /// Has the copy read its options now, with JMX off. Its beans would stay as long as the loader, and have the names
    /// that a test of beans in the same JVM expects to be free.
    private void readOptionsWithoutBeans() {
        String before = System.getProperty(JMX);
        System.setProperty(JMX, "false");
        try {
            Class.forName(LIBRARY + "observe.ProcessCounters", true, this);
        } catch (ClassNotFoundException e) {
            throw new LinkageError(e.getMessage(), e);
        } finally {
            if (before == null) {
                System.clearProperty(JMX);
            } else {
                System.setProperty(JMX, before);
            }
        }
    }

    /// Gives faults to the first call of each method handle by a class too. The program makes first what a process has
    /// done before its heap is full.
    ///
    /// @return this
    public FaultingClassLoader withFirstCalls() {
        hasFirstCalls = true;
        return this;
    }

    /// Creates an instance of a program class, which has a constructor without parameters.
    ///
    /// @param type the class, as the other loader has it
    @SuppressWarnings("unchecked")
    public Consumer<JavaFaults.Mode> program(Class<? extends Consumer<JavaFaults.Mode>> type) {
        try {
            var constructor = loadClass(type.getName()).getDeclaredConstructor();
            constructor.setAccessible(true);
            return (Consumer<JavaFaults.Mode>) constructor.newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(type.getName(), e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(LIBRARY) || name.startsWith(JavaFaults.class.getName())) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : findClass(name);
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        String file = name.replace('.', '/') + ".class";
        try (InputStream in = getParent().getResourceAsStream(file)) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = in.readAllBytes();
            if (getsFaults(name) && !isTest(file)) {
                bytes = withFaults(files.parse(bytes));
            }
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean getsFaults(String name) {
        String rest = name.substring(LIBRARY.length());
        return packages.stream().anyMatch(p -> rest.startsWith(p + ".") && rest.indexOf('.', p.length() + 1) < 0);
    }

    /// {@return true if the class is one of the tests}
    private boolean isTest(String file) {
        return String.valueOf(getParent().getResource(file)).contains("test");
    }

    private byte[] withFaults(ClassModel model) {
        String name = hasFirstCalls ? model.thisClass().asInternalName() : null;
        return files.transformClass(model, (to, element) -> {
            if (element instanceof MethodModel method && !method.methodName().equalsString("<clinit>")) {
                // an object that is not initialized yet cannot be in reach of a handler
                int frames = method.methodName().equalsString("<init>") ? 0 : frames(method);
                to.transformMethod(method, MethodTransform.transformingCode(new Faults(name, frames)));
            } else {
                to.with(element);
            }
        });
    }

    /// {@return number of common frames that the frame of a method is as long as}
    private static int frames(MethodModel method) {
        return 1
                + method.findAttribute(Attributes.code())
                        .map(code -> code.maxLocals() / LOCALS_OF_A_FRAME)
                        .orElse(0);
    }

    /// Adds the calls to one method.
    private static final class Faults implements CodeTransform {

        private final @Nullable String type; // (C) name of the class, or null if its first calls get no fault
        private final int frames; // (C) of the stack that the method counts as, or 0 if it is not counted
        private @Nullable Label begin; // (O) of the code for which a frame is counted

        Faults(@Nullable String type, int frames) {
            this.type = type;
            this.frames = frames;
        }

        @Override
        public void atStart(CodeBuilder code) {
            if (frames > 0) {
                code.loadConstant(frames).invokestatic(FAULTS, "enter", FRAMES);
                begin = code.newBoundLabel();
            }
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            if (allocates(element)) {
                code.invokestatic(FAULTS, "allocation", NOTHING);
            } else if (element instanceof ConstantInstruction.LoadConstantInstruction load
                    && load.constantValue() instanceof String text) {
                code.ldc(text).invokestatic(FAULTS, "resolution", TEXT);
            } else if (type != null && element instanceof InvokeInstruction call && isLinked(call)) {
                String site =
                        type + ": " + call.name().stringValue() + call.type().stringValue();
                code.ldc(site).invokestatic(FAULTS, "resolution", TEXT);
            } else if (frames > 0 && element instanceof ReturnInstruction) {
                code.loadConstant(frames).invokestatic(FAULTS, "exit", FRAMES);
            }
            code.with(element);
        }

        @Override
        public void atEnd(CodeBuilder code) {
            if (begin != null) {
                Label handler = code.newBoundLabel();
                code.exceptionCatchAll(begin, handler, handler);
                code.loadConstant(frames).invokestatic(FAULTS, "exit", FRAMES);
                code.athrow();
            }
        }
    }

    /// {@return true if a method of the JDK makes an object, and does nothing else that could fail}
    private static boolean makesObject(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        return (owner.equals("java/lang/foreign/MemorySegment") && name.equals("asSlice"))
                || (owner.equals("java/util/Arrays") && name.startsWith("copyOf"))
                || (owner.startsWith("[") && name.equals("clone"));
    }

    /// {@return true if the JVM makes objects when a class makes this call for the first time}
    private static boolean isLinked(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        return call.opcode() == Opcode.INVOKEVIRTUAL
                && (owner.equals("java/lang/invoke/VarHandle") || owner.equals("java/lang/invoke/MethodHandle"));
    }

    private static boolean allocates(CodeElement element) {
        return element instanceof NewObjectInstruction
                || element instanceof NewPrimitiveArrayInstruction
                || element instanceof NewReferenceArrayInstruction
                || element instanceof NewMultiArrayInstruction
                || element instanceof InvokeDynamicInstruction
                || (element instanceof InvokeInstruction call && makesObject(call));
    }
}
