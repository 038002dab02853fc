//! The synchronisation primitives of the team: the standard library's, or loom's in its tests.
//!
//! A build with `--cfg loom` compiles the team against the loom crate, which runs a test under every
//! interleaving of its threads and every value that the memory model lets a load return.

#[cfg(not(loom))]
pub(crate) use self::standard::*;
#[cfg(loom)]
pub(crate) use self::under_loom::*;

#[cfg(not(loom))]
mod standard {
    use std::io;

    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub(crate) use std::thread::{Scope, Thread, park, scope, yield_now};
    pub(crate) use std::thread_local;

    /// Iterations of a waiting loop before a waiting thread yields.
    pub(crate) const SPINS: u32 = 4_000;
    /// Yields of a worker before it parks.
    pub(crate) const YIELDS: u32 = 400;

    /// Starts a thread that the scope joins.
    pub(crate) fn spawn<'scope>(
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() + Send + 'scope,
    ) -> io::Result<Thread> {
        let handle = std::thread::Builder::new().spawn_scoped(scope, work)?;
        Ok(handle.thread().clone())
    }

    /// Does nothing: sequentially consistent accesses need no fence (see the loom version).
    #[inline(always)]
    pub(crate) fn fence_between_seq_cst_accesses() {}

    /// The standard library's cell, with loom's interface.
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> Self {
            UnsafeCell(std::cell::UnsafeCell::new(value))
        }

        #[inline(always)]
        pub(crate) fn with<R>(&self, body: impl FnOnce(*const T) -> R) -> R {
            body(self.0.get())
        }

        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, body: impl FnOnce(*mut T) -> R) -> R {
            body(self.0.get())
        }
    }
}

#[cfg(loom)]
mod under_loom {
    use std::cell::RefCell;
    use std::io;
    use std::marker::PhantomData;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::hint::spin_loop;
    use loom::sync::atomic::fence;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use loom::thread::JoinHandle;
    pub(crate) use loom::thread::{Thread, park, yield_now};

    /// Loom's macro does not take `const`.
    macro_rules! thread_local_of_loom {
        ($(#[$doc:meta])* static $name:ident: $type:ty = const $value:block;) => {
            loom::thread_local! { $(#[$doc])* static $name: $type = $value; }
        };
    }
    pub(crate) use thread_local_of_loom as thread_local;

    /// A waiting thread yields at once, and a worker parks at once: each iteration would multiply
    /// the interleavings.
    pub(crate) const SPINS: u32 = 0;
    pub(crate) const YIELDS: u32 = 0;

    /// Loom treats sequentially consistent accesses as acquire and release, but models this fence.
    pub(crate) fn fence_between_seq_cst_accesses() {
        fence(Ordering::SeqCst);
    }

    /// Loom has no scoped threads of its own.
    pub(crate) struct Scope<'scope, 'env> {
        handles: RefCell<Vec<JoinHandle<()>>>,
        lifetimes: PhantomData<(&'scope mut &'scope (), &'env mut &'env ())>,
    }

    pub(crate) fn scope<'env, R>(
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> R {
        let scope = Scope { handles: RefCell::default(), lifetimes: PhantomData };
        let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
        for handle in scope.handles.take() {
            handle.join().expect("a worker catches the panics of its tasks");
        }
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    pub(crate) fn spawn<'scope>(
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() + Send + 'scope,
    ) -> io::Result<Thread> {
        let work: Box<dyn FnOnce() + Send + 'scope> = Box::new(work);
        // SAFETY: only the lifetime is changed, and `scope` joins the thread before it returns.
        #[allow(unsafe_code, reason = "loom spawns only closures that borrow nothing")]
        let work: Box<dyn FnOnce() + Send> = unsafe { std::mem::transmute(work) };
        let handle = loom::thread::spawn(work);
        let thread = handle.thread().clone();
        scope.handles.borrow_mut().push(handle);
        Ok(thread)
    }
}
