"""What monitoring wants to know beyond sales and pictures: how earlier runs ended, disk, certificates, till."""
