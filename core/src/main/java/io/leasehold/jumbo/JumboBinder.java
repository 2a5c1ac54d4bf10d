package io.leasehold.jumbo;

/// Creates the object of a page: a buffer, a view, or another object of the layer above.
///
/// An object is created and bound when it is first requested. The object stays with its page as long as the slab of the
/// page exists, unless [JumboPool#unbind] drops it.
///
/// @param <T> the type of the object that stands for a page
@FunctionalInterface
public interface JumboBinder<T> {

    /// Creates the object of one page. The method must not use the pool.
    ///
    /// @param pool the pool of the page
    /// @param page the number of the page, as [JumboPool#pageOf(long)] returns it
    /// @param address the address of the first byte, a multiple of 512
    /// @param byteSize the size of the page in bytes
    /// @return the object; its user passes it the handle of each generation
    T bind(JumboPool<T> pool, int page, long address, int byteSize);
}
