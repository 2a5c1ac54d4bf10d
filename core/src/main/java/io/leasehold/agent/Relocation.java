package io.leasehold.agent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/// Changes the names of Netty's classes in a class file to those of a relocated copy.
///
/// Names of classes, and names in descriptors and signatures, are entries of the constant pool that contain
/// `io/netty/`. The rest of the file refers to entries by number, so it is copied as it is. Texts that name a class
/// with dots, such as names of system properties, are changed as relocation changed them in the copy.
///
/// **Threads.** Immutable.
final class Relocation {

    private final String slashed; // (C)
    private final String dotted; // (C)

    /// @param prefix text that relocation put before `io.netty.`, with a dot at the end; or empty
    Relocation(String prefix) {
        this.slashed = prefix.replace('.', '/') + "io/netty/";
        this.dotted = prefix + "io.netty.";
    }

    /// {@return the class file with the names of the copy}
    ///
    /// @throws IOException if it is not a class file
    byte[] apply(byte[] classFile) throws IOException {
        if (dotted.equals("io.netty.")) {
            return classFile;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(classFile.length + 1024);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile));
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(in.readLong()); // magic number and version
        int count = in.readUnsignedShort();
        out.writeShort(count);
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            out.writeByte(tag);
            if (tag == 1) {
                out.writeUTF(in.readUTF().replace("io/netty/", slashed).replace("io.netty.", dotted));
            } else {
                out.write(in.readNBytes(entryBytes(tag)));
            }
            if (tag == 5 || tag == 6) {
                i++; // a long or a double counts as two entries
            }
        }
        in.transferTo(out);
        return bytes.toByteArray();
    }

    /// {@return the length of an entry of the constant pool behind its tag (Java Virtual Machine Specification 4.4)}
    private static int entryBytes(int tag) throws IOException {
        return switch (tag) {
            case 3, 4, 9, 10, 11, 12, 17, 18 -> 4;
            case 5, 6 -> 8;
            case 7, 8, 16, 19, 20 -> 2;
            case 15 -> 3;
            default -> throw new IOException("unknown entry of the constant pool: tag=" + tag);
        };
    }
}
