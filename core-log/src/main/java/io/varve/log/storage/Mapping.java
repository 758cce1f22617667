// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The beginning of a file in memory, for writing; unmapped at a moment that the owner chooses, after which nothing touches it.
 *
 * <p>Threading: one writer; anybody may {@link #touch}, {@link #force}, ask and {@link #unmap}. Who unmaps waits for a write that is under way, and a
 * write that comes later finds that there is nothing to write to: nobody ever reaches memory that is gone.
 */
final class Mapping {

    private static final int PAGE_BYTES = 4096;

    private static final int IDLE = 0;
    private static final int WRITING = 1;
    private static final int GONE = 2;

    private static final VarHandle STATE;
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Mapping.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MappedByteBuffer bytes;
    private final int capacity;
    private final Runnable unmapping;

    // One compare-and-set for each write, where a monitor would take two.
    @SuppressWarnings("UnusedVariable") // by STATE
    private int state = IDLE;

    /** Held by whoever uses the memory and is not the writer. */
    private final ReadWriteLock presence = new ReentrantReadWriteLock();

    // Published by the release of the state.
    private int endOfWrites;
    private boolean written;

    private Mapping(Mapper.Mapped mapped) {
        this.bytes = mapped.bytes();
        this.capacity = bytes.capacity();
        this.unmapping = mapped.unmapping();
    }

    /** Maps what a file holds up to {@code sizeBytes}; the file must have its blocks, and nobody may cut it below that. */
    static Mapping of(FileChannel channel, int sizeBytes) throws IOException {
        return new Mapping(Mapper.PLATFORM.map(channel, sizeBytes));
    }

    /**
     * Copies all of the buffer, if there is room for all of it.
     *
     * @return false when nothing was written: there is no room, or no mapping any more
     */
    boolean write(ByteBuffer source, long position) {
        int sourceBytes = source.remaining();
        if (position > capacity - sourceBytes || !STATE.compareAndSet(this, IDLE, WRITING)) {
            return false;
        }
        try {
            bytes.put((int) position, source, source.position(), sourceBytes);
            endOfWrites = Math.max(endOfWrites, (int) position + sourceBytes);
            written = true;
        } finally {
            STATE.setRelease(this, IDLE);
        }
        source.position(source.limit());
        return true;
    }

    /** Takes the page faults of writes to come. Changes no byte, whoever writes there at the same time. */
    void touch(long position, long sizeBytes) {
        long end = Math.min(position + sizeBytes, capacity - Long.BYTES + 1);
        whileMapped(() -> {
            for (long at = position & -PAGE_BYTES; at < end; at += PAGE_BYTES) {
                // Only an access that writes makes the page writable; this one writes what is there.
                long unused = (long) LONGS.getAndBitwiseOr((ByteBuffer) bytes, (int) at, 0L);
            }
        });
    }

    /**
     * Makes durable what was written, and leaves alone what was only touched, which would have to be touched again.
     *
     * @return false when there is no mapping any more
     */
    boolean force() {
        return whileMapped(() -> bytes.force(0, endOfWrites));
    }

    private boolean whileMapped(Runnable use) {
        presence.readLock().lock();
        try {
            boolean mapped = (int) STATE.getAcquire(this) != GONE;
            if (mapped) {
                use.run();
            }
            return mapped;
        } finally {
            presence.readLock().unlock();
        }
    }

    /** Whether anything was written since the last call. */
    synchronized boolean takeWritten() {
        boolean since = (int) STATE.getAcquire(this) >= IDLE && written;
        written = false;
        return since;
    }

    /** Ends the mapping; what was written stays in the file. */
    void unmap() {
        presence.writeLock().lock();
        try {
            while (!STATE.compareAndSet(this, IDLE, GONE)) {
                if ((int) STATE.getAcquire(this) == GONE) {
                    return;
                }
                Thread.onSpinWait();
            }
            unmapping.run();
        } finally {
            presence.writeLock().unlock();
        }
    }
}
