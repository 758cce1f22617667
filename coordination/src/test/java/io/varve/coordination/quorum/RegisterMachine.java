// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The machine of the simulation: a few registers and a hash of all that was ever written to them. */
final class RegisterMachine {

    private static final int REGISTERS = 8;
    static final int PAYLOAD_BYTES = 12;

    private final long[] registers = new long[REGISTERS];
    private long hash = 1;
    private long appliedOffset;

    static ByteBuffer write(int register, long value, int padding) {
        ByteBuffer payload = ByteBuffer.allocate(PAYLOAD_BYTES + padding);
        return payload.putInt(0, register).putLong(4, value);
    }

    static long value(ByteBuffer payload) {
        return payload.getLong(payload.position() + 4);
    }

    void apply(long offset, QuorumEntry entry) {
        if (offset != appliedOffset) {
            throw new AssertionError("applied out of order: offset=" + offset + ", applied=" + appliedOffset);
        }
        if (entry.kind() == QuorumEntry.Kind.DATA) {
            ByteBuffer payload = entry.payload();
            int register = payload.getInt(payload.position());
            registers[register % REGISTERS] = value(payload);
            hash = hash * 0x9E3779B97F4A7C15L + value(payload) + register;
        }
        appliedOffset++;
    }

    long appliedOffset() {
        return appliedOffset;
    }

    /** Of the whole state; equal machines have equal ones. */
    long hash() {
        long all = hash;
        for (long register : registers) {
            all = all * 31 + register;
        }
        return all;
    }

    void writeTo(OutputStream out, int paddingBytes) throws IOException {
        DataOutputStream data = new DataOutputStream(out);
        data.writeLong(appliedOffset);
        data.writeLong(hash);
        for (long register : registers) {
            data.writeLong(register);
        }
        data.write(new byte[paddingBytes]);
    }

    static RegisterMachine read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        RegisterMachine machine = new RegisterMachine();
        machine.appliedOffset = data.readLong();
        machine.hash = data.readLong();
        for (int i = 0; i < REGISTERS; i++) {
            machine.registers[i] = data.readLong();
        }
        return machine;
    }
}
