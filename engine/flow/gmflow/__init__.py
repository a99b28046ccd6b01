"""GMFlow: optical flow by matching learned features over the whole picture.

Own implementation of "GMFlow: Learning Optical Flow via Global Matching" (Xu, Zhang, Cai,
Rezatofighi, Tao; CVPR 2022), the variant that refines once at quarter resolution. Modules carry
the names of the published weights, so that these load as they are. Everything here imports torch.
"""
