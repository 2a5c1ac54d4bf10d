package io.leasehold.memory;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.function.Consumer;

/// Loads the library anew, with a call of [JavaFaults] before each allocation and at the start of each method.
///
/// Test classes are loaded anew as well, as they are: the program that the faults are for, and what it uses.
public final class FaultingClassLoader extends ClassLoader {

    private static final String LIBRARY = "io.leasehold.";
    private static final ClassDesc FAULTS = ClassDesc.of(JavaFaults.class.getName());
    private static final MethodTypeDesc NOTHING = MethodTypeDesc.ofDescriptor("()V");

    private final List<String> packages; // (C)
    private final ClassFile files; // (C)

    /// Makes a loader.
    ///
    /// @param packages of the library, such as `slab`, whose classes get faults
    public FaultingClassLoader(String... packages) {
        super(FaultingClassLoader.class.getClassLoader());
        this.packages = List.of(packages);
        this.files = ClassFile.of(ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(getParent())
                .orElse(ClassHierarchyResolver.defaultResolver())));
    }

    /// Makes a program, whose class has a constructor without parameters.
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
        return files.transformClass(
                model,
                ClassTransform.transformingMethodBodies(
                        method -> !method.methodName().equalsString("<clinit>"), new CodeTransform() {
                            @Override
                            public void atStart(CodeBuilder code) {
                                code.invokestatic(FAULTS, "call", NOTHING);
                            }

                            @Override
                            public void accept(CodeBuilder code, CodeElement element) {
                                if (allocates(element)) {
                                    code.invokestatic(FAULTS, "allocation", NOTHING);
                                }
                                code.with(element);
                            }
                        }));
    }

    private static boolean allocates(CodeElement element) {
        return element instanceof NewObjectInstruction
                || element instanceof NewPrimitiveArrayInstruction
                || element instanceof NewReferenceArrayInstruction
                || element instanceof NewMultiArrayInstruction
                || element instanceof InvokeDynamicInstruction;
    }
}
