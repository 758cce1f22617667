// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Maps files so that they can be unmapped without waiting for the garbage collector: a deleted file takes its space on the disk for
 * as long as it is mapped.
 *
 * <p>From Java 22 on an arena does it. Before, the cleaner of the buffer is called, which later versions announce on the standard error
 * stream. Neither needs a flag. Where there is neither, the garbage collector unmaps.
 */
abstract class Mapper {

    /** The best that the platform has. */
    static final Mapper PLATFORM = choose();

    private static final int FIRST_VERSION_WITH_ARENAS = 22;

    /** Memory, and what takes it away; the bytes must not be used after that. */
    record Mapped(MappedByteBuffer bytes, Runnable unmapping) {}

    abstract Mapped map(FileChannel channel, long sizeBytes) throws IOException;

    private static Mapper choose() {
        try {
            return Runtime.version().feature() >= FIRST_VERSION_WITH_ARENAS ? new Arenas() : new Cleaners();
        } catch (ReflectiveOperationException e) {
            return new Collected();
        }
    }

    /** Calls what {@code --release 17} does not know: {@code java.lang.foreign}. */
    private static final class Arenas extends Mapper {

        private final MethodHandle open;
        private final MethodHandle close;
        private final MethodHandle map;
        private final MethodHandle asByteBuffer;

        Arenas() throws ReflectiveOperationException {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> arena = Class.forName("java.lang.foreign.Arena");
            Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
            open = lookup.findStatic(arena, "ofShared", MethodType.methodType(arena));
            close = lookup.findVirtual(arena, "close", MethodType.methodType(void.class));
            map = lookup.findVirtual(
                    FileChannel.class,
                    "map",
                    MethodType.methodType(segment, FileChannel.MapMode.class, long.class, long.class, arena));
            asByteBuffer = lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class));
        }

        @Override
        Mapped map(FileChannel channel, long sizeBytes) throws IOException {
            try {
                Object arena = open.invoke();
                Object segment = map.invoke(channel, FileChannel.MapMode.READ_WRITE, 0L, sizeBytes, arena);
                return new Mapped((MappedByteBuffer) asByteBuffer.invoke(segment), () -> call(close, arena));
            } catch (Throwable e) {
                throw rethrown(e);
            }
        }
    }

    /** Calls what lies in the module {@code jdk.unsupported}, which the compiler warns of. */
    private static final class Cleaners extends Mapper {

        private final MethodHandle invokeCleaner;

        Cleaners() throws ReflectiveOperationException {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field instance = unsafe.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            invokeCleaner = MethodHandles.publicLookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        }

        @Override
        Mapped map(FileChannel channel, long sizeBytes) throws IOException {
            MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes);
            return new Mapped(bytes, () -> call(invokeCleaner, bytes));
        }
    }

    /** Leaves it to the garbage collector. */
    private static final class Collected extends Mapper {

        @Override
        Mapped map(FileChannel channel, long sizeBytes) throws IOException {
            return new Mapped(channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes), () -> {});
        }
    }

    private static void call(MethodHandle method, Object argument) {
        try {
            method.invoke(argument);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static IOException rethrown(Throwable e) {
        if (e instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof IOException failure ? failure : new IOException(e);
    }
}
