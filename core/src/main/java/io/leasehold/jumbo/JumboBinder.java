package io.leasehold.jumbo;

/// Makes the objects that stand for pages: buffers, views, or whatever the floor above hands out.
///
/// An object is bound to its page when the page is first asked for it, and stays as long as the page's slab is there.
///
/// @param <T> what pages are lent as
@FunctionalInterface
public interface JumboBinder<T> {

    /// Makes the object of one page. It must not use the pool.
    ///
    /// @param pool whose page it is
    /// @param page which one, as [JumboPool#pageOf(long)] says
    /// @param address of its first byte, a multiple of 512
    /// @param byteSize how long it is in bytes
    /// @return the object, which learns of each life of the page by the handle it is given then
    T bind(JumboPool<T> pool, int page, long address, int byteSize);
}
