package io.leasehold.agent;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Patches one of Netty's pools, so that it delegates to an allocator behind it.
///
/// ```java
/// // after super(...) in the one constructor that calls it
/// this.leasehold$direct =
///         leasehold$backing(this, true, nDirectArena, DEFAULT_NUM_DIRECT_ARENA, directMemoryCacheAlignment);
/// this.leasehold$heap = leasehold$backing(this, false, nHeapArena, DEFAULT_NUM_HEAP_ARENA, 0);
///
/// // at the start of each patched method
/// if (leasehold$direct != null) {
///     return leasehold$direct.newDirectBuffer(initialCapacity, maxCapacity);
/// }
/// ```
///
/// The original bodies stay. They run if there is no allocator behind the pool. The inserted code uses types of the JDK
/// and of Netty's own package only, because the class loader of Netty may not see the classes of the agent. If the
/// class does not have the expected shape, nothing is patched.
///
/// **Threads.** Used by one thread.
final class PoolPatch {

    private static final String DIRECT = "leasehold$direct";
    private static final String HEAP = "leasehold$heap";
    private static final String BACKING = "leasehold$backing";
    private static final int HIDDEN = ClassFile.ACC_PRIVATE | ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC;

    private static final ClassDesc OBJECT_ARRAY = ConstantDescs.CD_Object.arrayType();
    private static final ClassDesc CLASS_ARRAY = ConstantDescs.CD_Class.arrayType();
    private static final ClassDesc CLASS_LOADER = ClassDesc.of("java.lang.ClassLoader");
    private static final ClassDesc METHOD = ClassDesc.of("java.lang.reflect.Method");
    private static final ClassDesc TO_LONG = ClassDesc.of("java.util.function.ToLongFunction");
    private static final MethodTypeDesc COUNT = MethodTypeDesc.of(ConstantDescs.CD_long);
    private static final MethodTypeDesc FLAG = MethodTypeDesc.of(ConstantDescs.CD_boolean);
    private static final MethodTypeDesc TEXT = MethodTypeDesc.of(ConstantDescs.CD_String);

    /// Types of the parameters of [FacadeHook#backing], and those of the inserted method.
    private static final ClassDesc[] HOOK = {
        ConstantDescs.CD_Object,
        ConstantDescs.CD_Boolean,
        ConstantDescs.CD_Integer,
        ConstantDescs.CD_Integer,
        ConstantDescs.CD_Integer
    };

    private static final ClassDesc[] UNBOXED = {
        ConstantDescs.CD_Object,
        ConstantDescs.CD_boolean,
        ConstantDescs.CD_int,
        ConstantDescs.CD_int,
        ConstantDescs.CD_int
    };

    private final PoolShape shape; // (C)
    private final ClassDesc self; // (C)
    private final ClassDesc base; // (C) AbstractByteBufAllocator
    private final MethodTypeDesc allocation; // (C) (int, int) to ByteBuf
    private final Set<String> patched = new TreeSet<>(); // (O)

    /// @param name internal name of the class, relocated or not
    PoolPatch(PoolShape shape, String name) {
        String netty = name.substring(0, name.lastIndexOf('/') + 1);
        this.shape = shape;
        this.self = ClassDesc.ofInternalName(name);
        this.base = ClassDesc.ofInternalName(netty + "AbstractByteBufAllocator");
        this.allocation = MethodTypeDesc.of(
                ClassDesc.ofInternalName(netty + "ByteBuf"), ConstantDescs.CD_int, ConstantDescs.CD_int);
    }

    /// {@return the patched class}
    ///
    /// @throws IllegalStateException if the class does not have the expected shape
    byte[] apply(ClassFile classFile, byte[] original) {
        ClassModel model = classFile.parse(original);
        if (!model.superclass().map(type -> type.asSymbol().equals(base)).orElse(false)) {
            throw new IllegalStateException("unexpected superclass: class=" + model.superclass());
        }
        Set<String> fields = model.fields().stream()
                .map(field -> field.fieldName().stringValue())
                .collect(Collectors.toSet());
        if (fields.contains(DIRECT)) {
            throw new IllegalStateException("the class is patched already");
        }
        if (!fields.containsAll(shape.fields())) {
            throw new IllegalStateException("fields are missing: fields=" + shape.fields());
        }
        ClassTransform patch = this::patch;
        byte[] result = classFile.transformClass(model, patch.andThen(ClassTransform.endHandler(this::addMembers)));
        Set<String> expected = new TreeSet<>(shape.methods());
        expected.add(ConstantDescs.INIT_NAME);
        if (!patched.equals(expected)) {
            expected.removeAll(patched);
            throw new IllegalStateException("methods are missing: methods=" + expected);
        }
        List<VerifyError> errors = classFile.verify(result);
        if (!errors.isEmpty()) {
            throw new IllegalStateException(
                    "the patched class is not valid: error=" + errors.getFirst().getMessage());
        }
        return result;
    }

    /// {@return true if a loaded pool was patched, so that a new definition of it must be patched too}
    static boolean isPatched(Class<?> pool) {
        try {
            return pool.getDeclaredField(DIRECT).isSynthetic();
        } catch (NoSuchFieldException e) {
            return false;
        }
    }

    private void patch(ClassBuilder builder, ClassElement element) {
        if (element instanceof MethodModel method) {
            builder.transformMethod(method, transformOf(method));
        } else {
            builder.with(element);
        }
    }

    private void addMembers(ClassBuilder builder) {
        builder.withField(DIRECT, base, HIDDEN);
        builder.withField(HEAP, base, HIDDEN);
        int flags = ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;
        builder.withMethodBody(BACKING, backing(), flags, this::buildBacking);
    }

    private MethodTransform transformOf(MethodModel method) {
        String name = method.methodName().stringValue();
        MethodTypeDesc type = method.methodTypeSymbol();
        if (name.equals(ConstantDescs.INIT_NAME)) {
            return MethodTransform.transformingCode(afterSuper(method));
        }
        if (!shape.methods().contains(name) || method.flags().has(AccessFlag.STATIC)) {
            return MethodTransform.ACCEPT_ALL;
        }
        String field = name.contains("Heap") ? HEAP : DIRECT;
        if (type.equals(allocation)) {
            return prologue(
                    name,
                    field,
                    code -> code.iload(1)
                            .iload(2)
                            .invokevirtual(base, name, allocation)
                            .areturn());
        }
        if (type.equals(COUNT)) {
            return prologue(
                    name,
                    field,
                    code -> code.checkcast(TO_LONG)
                            .loadConstant(name)
                            .invokeinterface(
                                    TO_LONG,
                                    "applyAsLong",
                                    MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_Object))
                            .lreturn());
        }
        if (type.equals(FLAG)) {
            return prologue(name, field, code -> code.pop().loadConstant(1).ireturn());
        }
        if (type.equals(TEXT)) {
            return prologue(
                    name,
                    field,
                    code -> code.invokevirtual(ConstantDescs.CD_Object, "toString", TEXT)
                            .areturn());
        }
        return MethodTransform.ACCEPT_ALL;
    }

    /// Inserts `if (field != null) return ...` at the start of a method.
    ///
    /// @param delegation code that uses the value of the field, which is on the stack, and returns
    private MethodTransform prologue(String name, String field, Consumer<CodeBuilder> delegation) {
        note(name);
        return MethodTransform.transformingCode(new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                Label original = code.newLabel();
                code.aload(0).getfield(self, field, base).ifnull(original);
                code.aload(0).getfield(self, field, base);
                delegation.accept(code);
                code.labelBinding(original);
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                code.with(element);
            }
        });
    }

    /// Fills the fields after the call of the constructor of the superclass.
    private CodeTransform afterSuper(MethodModel constructor) {
        return (code, element) -> {
            code.with(element);
            if (element instanceof InvokeInstruction call
                    && call.opcode() == Opcode.INVOKESPECIAL
                    && call.name().equalsString(ConstantDescs.INIT_NAME)
                    && call.owner().asSymbol().equals(base)) {
                if (!constructor.methodType().equalsString(shape.constructor())) {
                    throw new IllegalStateException("unexpected constructor: type="
                            + constructor.methodType().stringValue());
                }
                note(ConstantDescs.INIT_NAME);
                if (shape.equals(PoolShape.POOLED)) {
                    fill(code, DIRECT, true, arenas -> {
                        arenas.iload(PoolShape.DIRECT_ARENAS);
                        arenas.getstatic(self, PoolShape.DEFAULT_DIRECT_ARENAS, ConstantDescs.CD_int);
                        arenas.iload(PoolShape.ALIGNMENT);
                    });
                    fill(code, HEAP, false, arenas -> {
                        arenas.iload(PoolShape.HEAP_ARENAS);
                        arenas.getstatic(self, PoolShape.DEFAULT_HEAP_ARENAS, ConstantDescs.CD_int);
                        arenas.loadConstant(0);
                    });
                } else {
                    Consumer<CodeBuilder> pooled =
                            arenas -> arenas.loadConstant(1).loadConstant(1).loadConstant(0);
                    fill(code, DIRECT, true, pooled);
                    fill(code, HEAP, false, pooled);
                }
            }
        };
    }

    /// Assigns a field.
    ///
    /// @param arenas code that puts three numbers on the stack: arenas, arenas by default, alignment
    private void fill(CodeBuilder code, String field, boolean isDirect, Consumer<CodeBuilder> arenas) {
        code.aload(0).aload(0).loadConstant(isDirect ? 1 : 0);
        arenas.accept(code);
        code.invokestatic(self, BACKING, backing()).putfield(self, field, base);
    }

    private MethodTypeDesc backing() {
        return MethodTypeDesc.of(base, UNBOXED);
    }

    /// Builds the method that calls [FacadeHook#backing] by reflection, and returns null if that fails.
    private void buildBacking(CodeBuilder code) {
        code.trying(
                call -> {
                    call.invokestatic(CLASS_LOADER, "getSystemClassLoader", MethodTypeDesc.of(CLASS_LOADER));
                    call.loadConstant(FacadeHook.class.getName());
                    call.invokevirtual(
                            CLASS_LOADER,
                            "loadClass",
                            MethodTypeDesc.of(ConstantDescs.CD_Class, ConstantDescs.CD_String));
                    call.loadConstant("backing");
                    call.loadConstant(HOOK.length).anewarray(ConstantDescs.CD_Class);
                    for (int i = 0; i < HOOK.length; i++) {
                        call.dup().loadConstant(i).loadConstant(HOOK[i]).aastore();
                    }
                    call.invokevirtual(
                            ConstantDescs.CD_Class,
                            "getMethod",
                            MethodTypeDesc.of(METHOD, ConstantDescs.CD_String, CLASS_ARRAY));
                    call.aconst_null();
                    call.loadConstant(HOOK.length).anewarray(ConstantDescs.CD_Object);
                    call.dup().loadConstant(0).aload(0).aastore();
                    for (int i = 1; i < HOOK.length; i++) {
                        call.dup().loadConstant(i).iload(i);
                        call.invokestatic(HOOK[i], "valueOf", MethodTypeDesc.of(HOOK[i], UNBOXED[i]))
                                .aastore();
                    }
                    call.invokevirtual(
                            METHOD,
                            "invoke",
                            MethodTypeDesc.of(ConstantDescs.CD_Object, ConstantDescs.CD_Object, OBJECT_ARRAY));
                    call.checkcast(base).areturn();
                },
                handlers -> handlers.catchingAll(
                        handler -> handler.pop().aconst_null().areturn()));
    }

    private void note(String method) {
        if (!patched.add(method)) {
            throw new IllegalStateException("method is there twice: method=" + method);
        }
    }
}
