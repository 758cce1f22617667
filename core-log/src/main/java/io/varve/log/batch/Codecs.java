// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.xerial.snappy.SnappyOutputStream;

/** The codec of each compression, found when it is first used: the libraries are optional. */
final class Codecs {

    private static final int BUFFER_BYTES = 16 * 1024;

    private Codecs() {}

    /**
     * The codec of a compression.
     *
     * @throws IllegalStateException when the library that it needs is not on the class path
     */
    static Codec of(Compression compression) {
        try {
            return switch (compression) {
                case NONE -> None.INSTANCE;
                case GZIP -> Gzip.INSTANCE;
                case SNAPPY -> Snappy.INSTANCE;
                case LZ4 -> Lz4.INSTANCE;
                case ZSTD -> Zstd.INSTANCE;
            };
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "no library for compression=" + compression + ": add " + artifact(compression)
                            + " to the class path",
                    e);
        }
    }

    private static String artifact(Compression compression) {
        return switch (compression) {
            case SNAPPY -> "org.xerial.snappy:snappy-java";
            case LZ4 -> "at.yawk.lz4:lz4-java";
            case ZSTD -> "com.github.luben:zstd-jni";
            case NONE, GZIP -> "nothing";
        };
    }

    private static final class None implements Codec {
        static final Codec INSTANCE = new None();

        @Override
        public OutputStream compress(OutputStream out) {
            return out;
        }

        @Override
        public InputStream decompress(InputStream in) {
            return in;
        }
    }

    private static final class Gzip implements Codec {
        static final Codec INSTANCE = new Gzip();

        @Override
        public OutputStream compress(OutputStream out) throws IOException {
            return new GZIPOutputStream(out, BUFFER_BYTES);
        }

        @Override
        public InputStream decompress(InputStream in) throws IOException {
            return new GZIPInputStream(in, BUFFER_BYTES);
        }
    }

    /** The framing of snappy-java, which Kafka's clients write; see {@link SnappyBlocks}. */
    private static final class Snappy implements Codec {
        static final Codec INSTANCE = new Snappy();

        @Override
        public OutputStream compress(OutputStream out) {
            return new SnappyOutputStream(out);
        }

        @Override
        public InputStream decompress(InputStream in) throws IOException {
            return new SnappyBlocks(in);
        }
    }

    /** The standard LZ4 frame with independent blocks of 64 KiB, which is what every client reads. */
    private static final class Lz4 implements Codec {
        static final Codec INSTANCE = new Lz4();

        @Override
        public OutputStream compress(OutputStream out) throws IOException {
            return new LZ4FrameOutputStream(
                    out, LZ4FrameOutputStream.BLOCKSIZE.SIZE_64KB, LZ4FrameOutputStream.FLG.Bits.BLOCK_INDEPENDENCE);
        }

        @Override
        public InputStream decompress(InputStream in) throws IOException {
            return new LZ4FrameInputStream(in);
        }
    }

    private static final class Zstd implements Codec {
        static final Codec INSTANCE = new Zstd();

        @Override
        public OutputStream compress(OutputStream out) throws IOException {
            return new ZstdOutputStreamNoFinalizer(out);
        }

        @Override
        public InputStream decompress(InputStream in) throws IOException {
            // With a finalizer, for cursors that nobody has closed.
            return new ZstdInputStream(in);
        }
    }
}
